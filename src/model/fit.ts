import { describe, InvalidInputError } from "../runtime/errors";
import { CallbackList, type Callback, type Logs } from "./callback";
import { HistoryRecorder, type History } from "./history";
import type { Targets } from "./targets";
import { runPass } from "./runner";
import {
  checkBatchSize,
  figures,
  openWorkspace,
  prepareTargets,
  prepareTokens,
  range,
  type Labels,
  type Session,
} from "./session";
import { concatenate, type TokenData, type TokenInput } from "./token-data";

export interface FitOptions {
  /** Number of the epoch after the last one. Default 1. */
  epochs?: number;
  /** Rows per step; the last step of an epoch takes what is left. Default 32. */
  batchSize?: number;
  /** This part of the rows, from the end and before any shuffling, is kept for validation. Default 0. */
  validationSplit?: number;
  /** A data set for validation, instead of a split. */
  validationData?: { x: TokenInput; y: Labels } | readonly [TokenInput, Labels];
  /** Draw a new order of the training rows for every epoch. Default `true`. */
  shuffle?: boolean;
  /** Number of the first epoch. Default 0. */
  initialEpoch?: number;
  /** Weight of each label in the loss; labels that are not named weigh 1. */
  classWeight?: Readonly<Record<number, number>>;
  /** Weight of each row in the loss. */
  sampleWeight?: ArrayLike<number>;
  callbacks?: readonly Callback[];
  /** 1 or 2: print a line for every epoch. Default 0. */
  verbose?: 0 | 1 | 2;
  /** Stops after the step that runs; `fit` then rejects with an `AbortError`. */
  signal?: AbortSignal;
}

/** Milliseconds between two calls of `onBatchEnd`. */
const progressInterval = 100;

/** See `Sequential.fit`. */
export async function fit(session: Session, x: TokenInput, y: Labels, options: FitOptions): Promise<History> {
  const { epochs = 1, batchSize = 32, initialEpoch = 0, shuffle = true, signal, verbose = 0 } = options;
  checkOptions(options);
  signal?.throwIfAborted();
  const { data, targets, training, validation } = prepareData(session, x, y, options);
  const workspace = await openWorkspace(session, data, batchSize, true);
  const { device, accuracy, random } = session.compiled;

  const state = { stopTraining: false };
  const history = new HistoryRecorder();
  const callbacks = new CallbackList([...(options.callbacks ?? []), history]);
  const steps = Math.ceil(training.length / batchSize);
  callbacks.setModel(session.callbackModel(state));
  await callbacks.onTrainBegin({ epochs, steps });
  for (let epoch = initialEpoch; epoch < epochs && !state.stopTraining; epoch++) {
    await callbacks.onEpochBegin(epoch);
    const order = training.slice();
    if (shuffle) random.shuffle(order);
    const means = await runPass(device, workspace, {
      where: "fit",
      data,
      targets: targets.training,
      order,
      batchSize,
      signal,
      nextStep: session.nextStep,
      stop: () => state.stopTraining,
      interval: progressInterval,
      onProgress: callbacks.needsBatches
        ? (batches, soFar) => callbacks.onBatchEnd(batches - 1, { ...figures(soFar, accuracy), steps })
        : undefined,
    });
    const logs: Logs = figures(means, accuracy);
    if (validation.length > 0) {
      const pass = { where: "fit", data, targets: targets.validation, order: validation, batchSize, signal };
      Object.assign(logs, figures(await runPass(device, workspace, pass), accuracy, "val_"));
    }
    await callbacks.onEpochEnd(epoch, logs);
    if (verbose > 0) console.log(epochLine(epoch, epochs, logs));
  }
  await callbacks.onTrainEnd();
  return history.result;
}

function epochLine(epoch: number, epochs: number, logs: Logs): string {
  const parts = Object.entries(logs).map(([name, value]) => `${name}: ${value.toFixed(4)}`);
  return `Epoch ${epoch + 1}/${epochs} - ${parts.join(" - ")}`;
}

interface Prepared {
  /** Training and validation rows in one data set. */
  data: TokenData;
  targets: { training: Targets; validation: Targets };
  /** Row numbers. */
  training: Uint32Array;
  validation: Uint32Array;
}

function prepareData(session: Session, x: TokenInput, y: Labels, options: FitOptions): Prepared {
  const { validationSplit = 0, validationData, classWeight, sampleWeight } = options;
  const data = prepareTokens(session, x, "fit");
  const targets = prepareTargets(session, data, y, sampleWeight, "fit");
  if (validationData) {
    const [vx, vy] = "x" in validationData ? [validationData.x, validationData.y] : validationData;
    const own = prepareTokens(session, vx, "fit, validationData");
    const labels = prepareTargets(session, own, vy, undefined, "fit, validationData").labels;
    const together = concatenate(data, own, "fit, validationData");
    const shifted = new Float32Array(targets.labels.length + labels.length);
    shifted.set(labels, targets.labels.length);
    return {
      data: together,
      targets: {
        training: weighted(targets, classWeight, session),
        validation: { labels: shifted },
      },
      training: range(0, data.rows),
      validation: range(data.rows, together.rows),
    };
  }
  // Keras's arithmetic: the training part is rounded down.
  const split = Math.floor(data.rows * (1 - validationSplit));
  if (split === 0 || (validationSplit > 0 && split === data.rows)) {
    throw new InvalidInputError(
      describe(
        "fit",
        "rows left for training and for validation",
        `${data.rows} rows and validationSplit ${validationSplit}`,
        "pass more rows or another split",
      ),
    );
  }
  return {
    data,
    targets: { training: weighted(targets, classWeight, session), validation: targets },
    training: range(0, split),
    validation: range(split, data.rows),
  };
}

/** Class weights as sample weights. They count in training only. */
function weighted(targets: Targets, classWeight: FitOptions["classWeight"], session: Session): Targets {
  if (!classWeight) return targets;
  if (targets.sampleWeights) {
    throw new InvalidInputError(
      describe("fit", "classWeight or sampleWeight", "both", "multiply them into sampleWeight yourself"),
    );
  }
  if (session.architecture.sequences) {
    throw new InvalidInputError(
      describe("fit", "classWeight with one label per row", "a label per step", "pass sampleWeight"),
    );
  }
  const labels = targets.labels;
  return { labels, sampleWeights: labels.map((label) => classWeight[label] ?? 1) };
}

function checkOptions(options: FitOptions): void {
  const { epochs = 1, batchSize = 32, validationSplit = 0, initialEpoch = 0 } = options;
  checkBatchSize(batchSize, "fit");
  for (const [name, value] of Object.entries({ epochs, initialEpoch })) {
    if (!Number.isInteger(value) || value < 0) {
      throw new InvalidInputError(
        describe("fit", `${name} as a whole number of at least 0`, String(value), `pass another ${name}`),
      );
    }
  }
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new InvalidInputError(
      describe(
        "fit",
        "validationSplit from 0 to below 1",
        String(validationSplit),
        "pass for instance 0.2, or validationData",
      ),
    );
  }
}

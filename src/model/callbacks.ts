import { InvalidInputError, describe } from "../runtime/errors";
import { hookNames, ownState } from "./callback";
import type { Callback, CallbackModel, Logs } from "./callback";
import { isImprovement, monitorDirection, readMonitor, worstValue } from "./monitor";
import type { MonitorMode } from "./monitor";
import type { NamedWeight } from "./weights";

/** Options of `earlyStopping`, with Keras's defaults. */
export interface EarlyStoppingOptions {
  /** The figure to watch. Default `"val_loss"`. */
  monitor?: string;
  /** Smaller changes are no improvement. Default 0. */
  minDelta?: number;
  /** Epochs without improvement after which training stops. Default 0. */
  patience?: number;
  /** 1 prints what is done. Default 0. */
  verbose?: 0 | 1;
  mode?: MonitorMode;
  /** Patience runs until the figure is better than this, too. */
  baseline?: number;
  /** Whether training ends with the weights of the best epoch. Default false. */
  restoreBestWeights?: boolean;
  /** Epochs before this one are not watched. Default 0. */
  startFromEpoch?: number;
}

/**
 * Stops training when a figure no longer improves. Used for a second `fit`, it starts afresh.
 *
 * @throws InvalidInputError when the direction cannot be told from the figure's name
 * @example
 * const stop = earlyStopping({ monitor: "val_acc", patience: 2, restoreBestWeights: true });
 * await model.fit(x, y, { epochs: 50, validationSplit: 0.2, callbacks: [stop] });
 * @see https://keras.io/api/callbacks/early_stopping/
 */
export function earlyStopping({
  monitor = "val_loss",
  minDelta = 0,
  patience = 0,
  verbose = 0,
  mode = "auto",
  baseline,
  restoreBestWeights = false,
  startFromEpoch = 0,
}: EarlyStoppingOptions = {}): Callback {
  const direction = monitorDirection("earlyStopping", monitor, mode);
  const improves = (value: number, reference: number): boolean =>
    isImprovement(direction, value, reference, Math.abs(minDelta));
  let model: CallbackModel;
  let wait = 0;
  let best = worstValue(direction);
  let bestEpoch = 0;
  let bestWeights: NamedWeight[] | undefined;
  let stoppedEpoch: number | undefined;

  return {
    setModel(trained) {
      model = trained;
    },
    onTrainBegin() {
      [wait, best, bestEpoch] = [0, worstValue(direction), 0];
      bestWeights = stoppedEpoch = undefined;
    },
    async onEpochEnd(epoch, logs) {
      const current = readMonitor("earlyStopping", monitor, logs);
      if (current === undefined || epoch < startFromEpoch) return;
      const isBest = improves(current, best);
      // The first epoch's weights are kept whatever its figure is: there must be some to go back to.
      if (restoreBestWeights && (isBest || bestWeights === undefined)) {
        bestWeights = await model.getWeights();
        bestEpoch = epoch;
      }
      wait++;
      if (isBest) {
        best = current;
        if (baseline === undefined || improves(current, baseline)) wait = 0;
      } else if (wait >= patience && epoch > 0) {
        stoppedEpoch = epoch;
        model.stopTraining = true;
      }
    },
    async onTrainEnd() {
      if (verbose && stoppedEpoch !== undefined)
        console.log(`Epoch ${String(stoppedEpoch + 1)}: early stopping`);
      if (bestWeights === undefined) return;
      if (verbose) {
        console.log(`Restoring model weights from the end of the best epoch: ${String(bestEpoch + 1)}.`);
      }
      await model.setWeights(bestWeights);
    },
    saveState: () => ({ callback: "earlyStopping", wait, best, bestEpoch, bestWeights, stoppedEpoch }),
    restoreState(state) {
      ({ wait, best, bestEpoch, bestWeights, stoppedEpoch } = ownState<EarlyStoppingState>(
        "earlyStopping",
        state,
      ));
    },
  };
}

interface EarlyStoppingState {
  wait: number;
  best: number;
  bestEpoch: number;
  bestWeights: NamedWeight[] | undefined;
  stoppedEpoch: number | undefined;
}

/** What a `modelCheckpoint` hands to its saving function. */
export interface Checkpoint {
  readonly weights: NamedWeight[];
  /** From 0. */
  readonly epoch: number;
  /** From 0; undefined at the end of an epoch. */
  readonly batch: number | undefined;
  readonly logs: Logs;
}

/** Options of `modelCheckpoint`, with Keras's defaults. */
export interface ModelCheckpointOptions {
  /** Does the saving; training waits for it. */
  save: (checkpoint: Checkpoint) => void | Promise<void>;
  /** Default `"val_loss"`. */
  monitor?: string;
  verbose?: 0 | 1;
  /** Saves only when the figure is better than ever before. Default false. */
  saveBestOnly?: boolean;
  mode?: MonitorMode;
  /** `"epoch"`, or a number of batches. Default `"epoch"`. */
  saveFreq?: number | "epoch";
  /** With `saveBestOnly`: the figure that the first save must beat. */
  initialValueThreshold?: number;
}

/**
 * Calls a saving function of yours at the end of every epoch, every so many batches, or whenever
 * a figure is better than before.
 *
 * @throws InvalidInputError for a `saveFreq` below 1, or when the direction cannot be told
 * @example
 * modelCheckpoint({ saveBestOnly: true, save: ({ weights }) => { best = weights; } });
 * @see https://keras.io/api/callbacks/model_checkpoint/
 */
export function modelCheckpoint({
  save,
  monitor = "val_loss",
  verbose = 0,
  saveBestOnly = false,
  mode = "auto",
  saveFreq = "epoch",
  initialValueThreshold,
}: ModelCheckpointOptions): Callback {
  const direction = saveBestOnly ? monitorDirection("modelCheckpoint", monitor, mode) : "min";
  if (saveFreq !== "epoch" && !(Number.isInteger(saveFreq) && saveFreq > 0)) {
    const remedy = "pass one of these as saveFreq";
    throw new InvalidInputError(
      describe("modelCheckpoint", '"epoch" or a number of batches', String(saveFreq), remedy),
    );
  }
  let model: CallbackModel;
  let best = initialValueThreshold ?? worstValue(direction);
  let currentEpoch = 0;
  let batchesSinceSave = 0;
  let lastBatch = 0;

  const isDue = (epoch: number, logs: Logs): boolean => {
    if (!saveBestOnly) return true;
    const current = readMonitor("modelCheckpoint", monitor, logs);
    // As Keras does: better one checkpoint too many than none.
    if (current === undefined) return true;
    const improved = isImprovement(direction, current, best);
    if (verbose) {
      const change = improved
        ? `improved from ${best.toFixed(5)} to ${current.toFixed(5)}, saving model`
        : `did not improve from ${best.toFixed(5)}`;
      console.log(`\nEpoch ${String(epoch + 1)}: ${monitor} ${change}`);
    }
    if (improved) best = current;
    return improved;
  };
  const saveIfDue = async (epoch: number, batch: number | undefined, logs: Logs): Promise<void> => {
    if (isDue(epoch, logs)) await save({ weights: await model.getWeights(), epoch, batch, logs });
  };

  const common: Callback = {
    setModel(trained) {
      model = trained;
    },
    onEpochBegin(epoch) {
      currentEpoch = epoch;
    },
    saveState: () => ({ callback: "modelCheckpoint", best, batchesSinceSave, lastBatch }),
    restoreState(state) {
      ({ best, batchesSinceSave, lastBatch } = ownState<ModelCheckpointState>("modelCheckpoint", state));
    },
  };
  if (saveFreq === "epoch") {
    return { ...common, onEpochEnd: (epoch, logs) => saveIfDue(epoch, undefined, logs) };
  }
  return {
    ...common,
    async onBatchEnd(batch, logs) {
      batchesSinceSave += batch <= lastBatch ? batch + 1 : batch - lastBatch;
      lastBatch = batch;
      if (batchesSinceSave < saveFreq) return;
      batchesSinceSave = 0;
      await saveIfDue(currentEpoch, batch, logs);
    },
  };
}

interface ModelCheckpointState {
  best: number;
  batchesSinceSave: number;
  lastBatch: number;
}

/** Options of `csvLogger`. */
export interface CsvLoggerOptions {
  /** Takes each line, without a line break. */
  write: (line: string) => void | Promise<void>;
  /** Default `","`. */
  separator?: string;
  /** The lines go on a log that has its header already. Default false. */
  append?: boolean;
}

/**
 * Writes the figures of every epoch as CSV: `epoch`, then the names of the first epoch in order.
 *
 * @example
 * const lines = [];
 * await model.fit(x, y, { callbacks: [csvLogger({ write: (line) => lines.push(line) })] });
 * @see https://keras.io/api/callbacks/csv_logger/
 */
export function csvLogger({ write, separator = ",", append = false }: CsvLoggerOptions): Callback {
  let names: string[] | undefined;
  return {
    onTrainBegin() {
      names = undefined;
    },
    async onEpochEnd(epoch, logs) {
      if (names === undefined) {
        names = Object.keys(logs).sort();
        if (!append) await write(["epoch", ...names].join(separator));
      }
      const values = names.map((name) => (Object.hasOwn(logs, name) ? String(logs[name]) : "NA"));
      await write([String(epoch), ...values].join(separator));
    },
    saveState: () => ({ callback: "csvLogger", names }),
    restoreState(state) {
      ({ names } = ownState<{ names: string[] | undefined }>("csvLogger", state));
    },
  };
}

/**
 * Stops training as soon as the loss is NaN or infinite.
 *
 * @example
 * await model.fit(x, y, { callbacks: [terminateOnNaN()] });
 * @see https://keras.io/api/callbacks/terminate_on_nan/
 */
export function terminateOnNaN(): Callback {
  let model: CallbackModel;
  const check = (where: string, { loss }: Logs): void => {
    if (loss === undefined || Number.isFinite(loss) || model.stopTraining) return;
    console.warn(`${where}: Invalid loss (${String(loss)}), terminating training`);
    model.stopTraining = true;
  };
  return {
    setModel(trained) {
      model = trained;
    },
    onBatchEnd(batch, logs) {
      check(`Batch ${String(batch)}`, logs);
    },
    onEpochEnd(epoch, logs) {
      check(`Epoch ${String(epoch + 1)}`, logs);
    },
  };
}

/**
 * A callback of the functions given, their names checked.
 *
 * @throws InvalidInputError for a name that is no hook: a misspelt one would never be called
 * @example
 * lambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs.val_acc) });
 * @see https://keras.io/api/callbacks/lambda_callback/
 */
export function lambdaCallback(hooks: Callback): Callback {
  for (const name of Object.keys(hooks)) {
    if (hookNames.some((known) => known === name)) continue;
    const remedy = "correct the name";
    throw new InvalidInputError(describe("lambdaCallback", `hooks of ${hookNames.join(", ")}`, name, remedy));
  }
  return { ...hooks };
}

export { learningRateScheduler, reduceLROnPlateau } from "./learning-rate-callbacks";
export type { ReduceLROnPlateauOptions } from "./learning-rate-callbacks";
export { CallbackList } from "./callback";
export type { Callback, CallbackModel, Logs } from "./callback";

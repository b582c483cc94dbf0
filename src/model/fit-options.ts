import type { Callback } from "./callback";
import { checkShare, checkWhole, knownOptions } from "./checks";
import { checkBatchSize, type Labels } from "./session";
import type { CheckpointStore, TrainingSnapshot } from "./snapshot";
import { checkSchedule, type SnapshotSchedule } from "./snapshot-schedule";
import type { TokenInput } from "./token-data";

/** Where and when snapshots of a training are kept. */
export interface CheckpointOptions extends SnapshotSchedule {
  store: CheckpointStore;
}

/** Rows for validation, their labels and, if wanted, each row's weight in the validation loss. */
export type ValidationData =
  | { x: TokenInput; y: Labels; sampleWeight?: ArrayLike<number> }
  | readonly [x: TokenInput, y: Labels, sampleWeight?: ArrayLike<number>];

/** What `fit` takes. */
export interface FitOptions {
  /** Number of the epoch after the last one. Default 1. */
  epochs?: number;
  /** Rows per step; the last step of an epoch takes what is left. Default 32. */
  batchSize?: number;
  /** This part of the rows, from the end and before any shuffling, is kept for validation. Default 0. */
  validationSplit?: number;
  /** A data set for validation, instead of a split. */
  validationData?: ValidationData;
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
  /** Keeps snapshots of the training in a store, without stopping for it; `resume` goes on from the last one. */
  checkpoint?: CheckpointOptions;
  /**
   * Goes on from a snapshot as if the training had not stopped: with the same data, options and adapter it ends with
   * the same bits. `true`: from the store of `checkpoint`. Without a snapshot there, training starts anew.
   */
  resume?: boolean | CheckpointStore | TrainingSnapshot;
}

const names = {
  epochs: true,
  batchSize: true,
  validationSplit: true,
  validationData: true,
  shuffle: true,
  initialEpoch: true,
  classWeight: true,
  sampleWeight: true,
  callbacks: true,
  verbose: true,
  signal: true,
  checkpoint: true,
  resume: true,
} satisfies Record<keyof FitOptions, true>;

/** Options that have a default. */
type Defaulted =
  "epochs" | "batchSize" | "validationSplit" | "shuffle" | "initialEpoch" | "callbacks" | "verbose";

/** Checked options, with what is taken for those that were left out. */
export type FitSetup = FitOptions & Required<Pick<FitOptions, Defaulted>>;

/** @throws {InvalidInputError} an unknown option, or a number that is out of its range. */
export function checkedOptions(options: FitOptions): FitSetup {
  knownOptions("fit", options, Object.keys(names));
  const { epochs = 1, batchSize = 32, validationSplit = 0, initialEpoch = 0 } = options;
  const { shuffle = true, callbacks = [], verbose = 0 } = options;
  checkBatchSize(batchSize, "fit");
  if (options.checkpoint) checkSchedule(options.checkpoint);
  checkWhole("fit", "epochs", epochs, 0);
  checkWhole("fit", "initialEpoch", initialEpoch, 0);
  checkShare("fit", "validationSplit", validationSplit);
  return { ...options, epochs, batchSize, validationSplit, initialEpoch, shuffle, callbacks, verbose };
}

/** The snapshot to go on from; undefined where there is none. */
export async function snapshotOf({
  resume,
  checkpoint,
}: Pick<FitOptions, "resume" | "checkpoint">): Promise<TrainingSnapshot | undefined> {
  if (resume === undefined || resume === false) return undefined;
  if (resume === true) return checkpoint?.store.load();
  return "load" in resume ? resume.load() : resume;
}

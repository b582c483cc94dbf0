import type { CheckpointStore } from "../model/snapshot";

/** The networks that the job can train; the first is the Keras script's. */
export const networkNames = ["simple-rnn", "lstm", "gru", "bilstm", "cnn-lstm"] as const;
export type NetworkName = (typeof networkNames)[number];

/** The main job's settings: the command line's flags, all filled in. */
export interface JobConfig {
  epochs: number;
  batchSize: number;
  /** V: ids from this on count as unknown words. */
  numWords: number;
  /** T: reviews are cut, or padded with 0 at the front, to this length. */
  maxlen: number;
  /** E. */
  embedding: number;
  /** U. */
  units: number;
  validationSplit: number;
  learningRate: number;
  seed: number;
  /** The network; that of the Keras script where it is left out. */
  model?: NetworkName;
  /** True: the built-in sample corpus; false: IMDB. */
  sample: boolean;
  trainLimit?: number;
  testLimit?: number;
}

/** Padded reviews, (rows, maxlen), and a label in {0, 1} for each. */
export interface LabelledReviews {
  x: { data: Int32Array; shape: [number, number] };
  y: ArrayLike<number>;
}

export interface JobData {
  train: LabelledReviews;
  test: LabelledReviews;
  /** What a reader of the saved file needs to score a typed review: kept in the file's metadata. */
  preprocessing: Record<string, string>;
}

export interface Scores {
  loss: number;
  acc: number;
}

/** One epoch as the report holds it. */
export interface EpochReport extends Scores {
  val_loss?: number;
  val_acc?: number;
  /** Training and validation together. */
  seconds: number;
  steps: number;
}

/** What the job tells while it runs, in this order. Plain JSON, for it may come from a browser. */
export type JobEvent =
  | { kind: "begin"; adapter: string; summary: string }
  | { kind: "epoch"; epoch: number; epochs: number }
  | ({ kind: "step"; step: number; steps: number; seconds: number } & Scores)
  | ({ kind: "epochEnd"; epoch: number } & EpochReport)
  | { kind: "evaluate" };

export interface JobResult {
  adapter: string;
  parameters: number;
  epochs: EpochReport[];
  test: Scores;
  /**
   * From the model's making to the end of the evaluation; loading the data is not in it. Of a run that was resumed,
   * with the seconds that went into its training before.
   */
  seconds: number;
}

/** Where the job keeps its checkpoints. */
export interface JobCheckpoint {
  store: CheckpointStore;
  /** Go on from the one that is there. */
  resume: boolean;
}

/** What a page in a headless browser is told; the reviews themselves it fetches. */
export interface PageJob {
  config: JobConfig;
  shapes: { train: [number, number]; test: [number, number] };
  preprocessing: Record<string, string>;
  /** Checkpoints go to the page's server, with these strings in them. */
  checkpoint?: { metadata: Record<string, string>; resume: boolean };
}

/** What the page hands back; an error as its message, for errors lose their class on the way. */
export type PageOutcome = { result: JobResult } | { error: string };

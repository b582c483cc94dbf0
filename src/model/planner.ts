import type { StepValues } from "../kernels";
import type { TensorDeclaration } from "../runtime/tensor";
import type { BatchCapacity, BatchLayout } from "./batch-layout";
import type { Targets } from "./targets";
import type { TokenData } from "./token-data";

/** What a step of the optimizer takes beside the batch. */
export type StepRates = Pick<StepValues, "rate" | "gradientRate" | "epsilon" | "learningRate" | "seed">;

/** What is planned beside the rows and their labels. */
export interface Rates extends StepRates {
  /** Number of the entry to which the figures go; they take turns. */
  metric: number;
  /** Outputs that the loss is a mean over: those of the whole batch of which these rows are a part. */
  mean?: number;
  /** Samples of the whole batch before these. */
  before?: number;
  /** Of a window of time: how many there are from it on, and the steps before its first, in each stage. */
  window?: { windows: number; earlier: readonly number[] };
}

/** Lays out one batch after another. */
export interface Planner {
  readonly capacity: BatchCapacity;
  readonly layout: BatchLayout;
  /** The block to upload; `words` of it are in use after `plan`. */
  readonly block: Uint32Array;
  /** The parts of the block; of windows of time, those of one after the other. */
  readonly tensors: TensorDeclaration[];
  /** Per sample of the batch, sorted by length: the row of the data set. */
  readonly sorted: Uint32Array;
  /**
   * Plans a batch.
   *
   * @param data the data set whose tokens lie on the GPU as `uploadTokens` lays them out
   * @param rows numbers of the data rows in the batch
   * @param grouped whether the rows of each token are needed too (for the gradient)
   * @returns the sizes of the batch, and how many words of the block are in use
   */
  plan(
    data: TokenData,
    targets: Targets | undefined,
    rows: Uint32Array,
    grouped: boolean,
    rates: Rates,
  ): { sizes: StepValues; words: number };
}

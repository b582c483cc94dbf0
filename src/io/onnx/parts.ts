import type { Mask } from "./mask";

/** The layer's input in the graph. */
export interface Input {
  readonly name: string;
  /** Whether it has an axis of steps. */
  readonly isSequence: boolean;
  /** The steps that count, as far as the mask reaches. */
  readonly mask: Mask | undefined;
}

/** A layer's weights in Keras's layout. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

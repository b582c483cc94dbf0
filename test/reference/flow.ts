/** What flows between layers: [batch][steps][width], or [batch][width] with steps = 1 once reduced. */
export interface Flow {
  readonly data: Float64Array;
  readonly batch: number;
  readonly steps: number;
  readonly width: number;
  /** [batch][steps], as far as it reaches. */
  readonly mask?: ArrayLike<number>;
}

/** A layer's output with what its backward pass needs. */
export interface Tape {
  readonly output: Flow;
  /** Of a dense layer: before its activation. */
  readonly logits?: Float64Array;
  /** Of a recurrent layer: where each sample ended; of a bidirectional one, forward and backward. */
  readonly lastStates?: readonly LastStates[];
  /** From the gradient by the output (of a dense head: by its logits) to that by the input and the weights. */
  readonly backward: (dOutput: Float64Array, byLogits: boolean) => Gradients;
}

/** The states after the last step. */
export interface LastStates {
  /** [B][U] */
  readonly h: Float64Array;
  /** [B][U]; zeros for a cell without memory. */
  readonly c: Float64Array;
}

export interface Gradients {
  readonly dInput: Float64Array;
  /** In the order of the layer's weights. */
  readonly dWeights: Float64Array[];
}

/**
 * What a layer that drops multiplies by, drawn by the caller: 0, or 1 / (1 - rate). I the input's width, U
 * units, G gates.
 */
export interface DropFactors {
  /**
   * Of `dropout`: [B][T][I]. Of `spatialDropout1d`: [B][I]. Of a recurrent layer: [B][I], the same at all
   * steps, or [B][G][I], other ones for each gate.
   */
  readonly input?: ArrayLike<number>;
  /** Of a recurrent layer: [B][U], or [B][G][U]. */
  readonly recurrent?: ArrayLike<number>;
}

/** Drop factors by the layer's name; `name/forward` and `name/backward` for the two of a bidirectional one. */
export type DropPlan = Readonly<Record<string, DropFactors>>;

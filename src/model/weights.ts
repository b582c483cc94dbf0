/** One weight of a model, as `getWeights()` gives it: in Keras's layout and under Keras's name. */
export interface NamedWeight {
  /** `"dense/kernel"`, `"simple_rnn/simple_rnn_cell/recurrent_kernel"`, … */
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

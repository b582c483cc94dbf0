import type { PointwiseActivation } from "../activation";

/** The states between two steps of one sample. U units. */
export interface CellState {
  /** [U] */
  readonly h: Float64Array;
  /** [U]: the memory cell; of a cell without, it goes through untouched. */
  readonly c: Float64Array;
}

/** What a step leaves behind. G gates lie side by side, [G·U]. */
export interface StepOutput extends CellState {
  /** [G·U]: the gates after their activations; h itself where there are none. */
  readonly gates: Float64Array;
}

/** The derivatives of the loss by what came into a step. */
export interface StepGradients {
  /** [G·U] */
  readonly dz: Float64Array;
  readonly dBefore: CellState;
}

/** The state's own weights, and what of the state gets through to them. */
export interface RecurrentWeights {
  readonly units: number;
  readonly gates: number;
  /** [U][G·U] */
  readonly kernel: ArrayLike<number>;
  /** [G·U], added to the product; of a GRU that resets after it. */
  readonly bias?: ArrayLike<number>;
  /** The factor of unit u on its way into gate g: 0 where dropped, 1 / (1 - rate) where kept. */
  readonly drop: (gate: number, unit: number) => number;
}

/** Sums over steps and samples. */
export interface WeightGradients {
  /** [U][G·U] */
  readonly dKernel: Float64Array;
  /** [G·U] */
  readonly dBias: Float64Array;
}

/** A cell: one step forward, and the same step backward. */
export interface Cell {
  readonly gates: number;
  /** Whether there is a second state c. */
  readonly memory: boolean;
  /** @param z [G·U]: x_t · kernel + bias */
  forward(z: Float64Array, before: CellState, weights: RecurrentWeights): StepOutput;
  /** Adds to `sums` what the step gives the weights' gradients. */
  backward(
    dAfter: CellState,
    before: CellState,
    after: StepOutput,
    weights: RecurrentWeights,
    sums: WeightGradients,
  ): StepGradients;
}

/** What tells one cell from another of its kind. */
export interface CellOptions {
  readonly activation: PointwiseActivation;
  readonly recurrentActivation: PointwiseActivation;
}

/** product(s, g) = (drop_g ⊙ s) · R_g + rb_g, [U]. */
export function product(source: Float64Array, gate: number, weights: RecurrentWeights): Float64Array {
  const { units, gates, kernel, bias, drop } = weights;
  const first = gate * units;
  const sums = new Float64Array(units);
  for (let u = 0; bias && u < units; u++) sums[u] = bias[first + u];
  for (let v = 0; v < units; v++) {
    const kept = source[v] * drop(gate, v);
    for (let u = 0; u < units; u++) sums[u] += kept * kernel[v * gates * units + first + u];
  }
  return sums;
}

/** dSource = drop_g ⊙ (dProduct · R_gᵀ), [U]; dR_g += (drop_g ⊙ source)ᵀ · dProduct, drb_g += dProduct. */
export function productBackward(
  dProduct: Float64Array,
  source: Float64Array,
  gate: number,
  weights: RecurrentWeights,
  { dKernel, dBias }: WeightGradients,
): Float64Array {
  const { units, gates, kernel, drop } = weights;
  const first = gate * units;
  const dSource = new Float64Array(units);
  for (let u = 0; u < units; u++) dBias[first + u] += dProduct[u];
  for (let v = 0; v < units; v++) {
    const kept = source[v] * drop(gate, v);
    let sum = 0;
    for (let u = 0; u < units; u++) {
      const at = v * gates * units + first + u;
      sum += dProduct[u] * kernel[at];
      dKernel[at] += kept * dProduct[u];
    }
    dSource[v] = sum * drop(gate, v);
  }
  return dSource;
}

/** Gate g of an array of gates, in place. */
export function gateOf(values: Float64Array, gate: number, units: number): Float64Array {
  return values.subarray(gate * units, (gate + 1) * units);
}

/** a += b. */
export function add(a: Float64Array, b: ArrayLike<number>): void {
  for (let i = 0; i < a.length; i++) a[i] += b[i];
}

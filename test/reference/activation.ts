import type { Activation } from "../../src/kernels/shared/activation";

/** The engine's element-wise activations: a new one there does not compile without its twin here. */
export type PointwiseActivation = Activation;

/** An activation y = act(x), and act'(x) written in y. */
interface Formula {
  readonly value: (x: number) => number;
  readonly slope: (y: number) => number;
}

/** Klambauer et al. 2017. */
const selu = { scale: 1.0507009873554805, alpha: 1.6732632423543772 };

const clip = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
const between = (y: number, low: number, high: number): number => (y > low && y < high ? 1 : 0);

const formulas: Readonly<Record<PointwiseActivation, Formula>> = {
  linear: { value: (x) => x, slope: () => 1 },
  tanh: { value: Math.tanh, slope: (y) => 1 - y * y },
  relu: { value: (x) => Math.max(0, x), slope: (y) => (y > 0 ? 1 : 0) },
  sigmoid: { value: sigmoid, slope: (y) => y * (1 - y) },
  hardSigmoid: { value: (x) => clip(x / 6 + 0.5, 0, 1), slope: (y) => between(y, 0, 1) / 6 },
  hardSigmoidKeras2: { value: (x) => clip(0.2 * x + 0.5, 0, 1), slope: (y) => 0.2 * between(y, 0, 1) },
  hardTanh: { value: (x) => clip(x, -1, 1), slope: (y) => between(y, -1, 1) },
  relu6: { value: (x) => clip(x, 0, 6), slope: (y) => between(y, 0, 6) },
  leakyRelu: { value: (x) => (x > 0 ? x : 0.2 * x), slope: (y) => (y > 0 ? 1 : 0.2) },
  elu: { value: (x) => (x > 0 ? x : Math.expm1(x)), slope: (y) => (y > 0 ? 1 : y + 1) },
  selu: {
    value: (x) => selu.scale * (x > 0 ? x : selu.alpha * Math.expm1(x)),
    slope: (y) => (y > 0 ? selu.scale : y + selu.scale * selu.alpha),
  },
  softplus: {
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: (y) => -Math.expm1(-y),
  },
  softsign: { value: (x) => x / (1 + Math.abs(x)), slope: (y) => (1 - Math.abs(y)) ** 2 },
  exponential: { value: Math.exp, slope: (y) => y },
};

/** All activations' names. */
export const pointwiseActivations = Object.keys(formulas) as readonly PointwiseActivation[];

/** act(z). */
export function activate(name: PointwiseActivation, z: number): number {
  return formulas[name].value(z);
}

/** act'(z), given h = act(z). */
export function derivativeFromOutput(name: PointwiseActivation, h: number): number {
  return formulas[name].slope(h);
}

/** The activation under its element-wise name; softmax has none. */
export function pointwise(name: PointwiseActivation | "softmax"): PointwiseActivation {
  if (name !== "softmax") return name;
  throw new Error("reference: softmax is not element-wise");
}

/** 1 / (1 + exp(-z)), without overflow on either side. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

/** Softmax of each row of `logits` [rows][classes]. */
export function softmax(logits: ArrayLike<number>, classes: number): Float64Array {
  const output = Float64Array.from(logits);
  for (let begin = 0; begin < output.length; begin += classes) {
    const row = output.subarray(begin, begin + classes);
    const largest = row.reduce((max, z) => Math.max(max, z), -Infinity);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      row[c] = Math.exp(row[c] - largest);
      sum += row[c];
    }
    for (let c = 0; c < classes; c++) row[c] /= sum;
  }
  return output;
}

/** The derivative of `softmax`: dz = y ⊙ (dy - Σ dy·y), row by row. */
export function softmaxBackward(
  dOutput: ArrayLike<number>,
  output: ArrayLike<number>,
  classes: number,
): Float64Array {
  const dLogits = new Float64Array(output.length);
  for (let begin = 0; begin < output.length; begin += classes) {
    let sum = 0;
    for (let c = begin; c < begin + classes; c++) sum += dOutput[c] * output[c];
    for (let c = begin; c < begin + classes; c++) dLogits[c] = output[c] * (dOutput[c] - sum);
  }
  return dLogits;
}

import { rowFactors, type LossResult, type RowWeights } from "./loss";

/** The smallest probability that Keras lets into a logarithm. */
const epsilon = 1e-7;

const clip = (p: number): number => Math.min(1 - epsilon, Math.max(epsilon, p));
const isInside = (p: number): boolean => p >= epsilon && p <= 1 - epsilon;

/**
 * Binary cross-entropy of probabilities: mean of -(y·log p + (1-y)·log(1-p)), p clipped to [ε, 1-ε].
 * Where it is clipped the derivative is zero.
 *
 * @param outputs [N]
 * @param labels [N], in [0, 1]
 */
export function binaryCrossentropyOfOutputs(
  outputs: ArrayLike<number>,
  labels: ArrayLike<number>,
  weighting: RowWeights = {},
): LossResult {
  const factors = rowFactors(outputs.length, weighting);
  const gradient = new Float64Array(outputs.length);
  let loss = 0;
  for (let n = 0; n < outputs.length; n++) {
    const [p, y] = [clip(outputs[n]), labels[n]];
    loss -= factors[n] * (y * Math.log(p) + (1 - y) * Math.log(1 - p));
    if (isInside(outputs[n])) gradient[n] = (factors[n] * (p - y)) / (p * (1 - p));
  }
  return { loss, gradient };
}

/**
 * Cross-entropy of rows that are divided by their sum first: mean of -log of the label's share, clipped.
 *
 * @param outputs [N][C]
 * @param labels [N], whole numbers in [0, C)
 */
export function sparseCategoricalCrossentropyOfOutputs(
  outputs: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  weighting: RowWeights = {},
): LossResult {
  const factors = rowFactors(labels.length, weighting);
  const gradient = new Float64Array(outputs.length);
  let loss = 0;
  for (let n = 0; n < labels.length; n++) {
    let total = 0;
    for (let c = 0; c < classes; c++) total += outputs[n * classes + c];
    const at = n * classes + labels[n];
    loss -= factors[n] * Math.log(clip(outputs[at] / total));
    if (!isInside(outputs[at] / total)) continue;
    for (let c = 0; c < classes; c++) gradient[n * classes + c] = factors[n] / total;
    gradient[at] -= factors[n] / outputs[at];
  }
  return { loss, gradient };
}

/**
 * The same with a share of every class as labels: mean of -Σ y·log p.
 *
 * @param outputs [N][C]
 * @param labels [N][C], in [0, 1]
 */
export function categoricalCrossentropyOfOutputs(
  outputs: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  weighting: RowWeights = {},
): LossResult {
  const factors = rowFactors(labels.length / classes, weighting);
  const gradient = new Float64Array(outputs.length);
  let loss = 0;
  factors.forEach((factor, n) => {
    const at = Array.from({ length: classes }, (_, c) => n * classes + c);
    const total = at.reduce((sum, i) => sum + outputs[i], 0);
    for (const i of at) {
      loss -= factor * labels[i] * Math.log(clip(outputs[i] / total));
      if (!isInside(outputs[i] / total)) continue;
      gradient[i] -= (factor * labels[i]) / outputs[i];
      for (const k of at) gradient[k] += (factor * labels[i]) / total;
    }
  });
  return { loss, gradient };
}

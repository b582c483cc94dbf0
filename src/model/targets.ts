import type { BatchLayout } from "./batch-layout";
import type { TokenData } from "./token-data";

/** Labels and weights of a data set: [rows] or [rows, T] outputs. */
export interface Targets {
  /** [outputs, labelWidth] */
  labels: Float32Array;
  /** [rows], or undefined for ones. */
  sampleWeights?: Float32Array;
}

/** A planned batch, as far as labels and weights follow from it. */
interface Planned {
  data: TokenData;
  /** None where the model only predicts. */
  targets: Targets | undefined;
  layout: BatchLayout;
  /** Data row of each sample. */
  samples: Uint32Array;
}

/** Where they go: [outputs, labelWidth], and [outputs, 2] (weight in the loss, weight in the count). */
interface Sections {
  labels: Float32Array;
  weights: Float32Array;
}

/** Lays out labels and weights of the outputs. The loss is a mean, so the weights hold the division. */
export function placeTargets(into: Sections, planned: Planned): void {
  if (planned.layout.sequences) placeSequences(into, planned);
  else placeSamples(into, planned);
}

function placeSamples({ labels, weights }: Sections, { targets, layout, samples }: Planned): void {
  const width = layout.labelWidth;
  samples.forEach((row, i) => {
    for (let c = 0; c < width; c++) labels[i * width + c] = targets?.labels[row * width + c] ?? 0;
    weights[2 * i] = (targets?.sampleWeights?.[row] ?? 1) / samples.length;
    weights[2 * i + 1] = 1;
  });
}

/**
 * One output for each state row; the row before the first step has no part in loss or accuracy. Nets that
 * return sequences have all steps of every sample.
 */
function placeSequences({ labels, weights }: Sections, planned: Planned): void {
  const { data, targets, layout, samples } = planned;
  const width = layout.labelWidth;
  const steps = layout.stages.at(-1) ?? data.steps;
  const counts = (row: number, t: number): boolean =>
    !layout.maskLoss || data.tokens[data.starts[row] + t] !== 0;
  let counted = 0;
  for (const row of samples) {
    for (let t = 0; t < steps; t++) if (counts(row, t)) counted++;
  }
  samples.forEach((row, i) => {
    const first = i * (steps + 1);
    labels.fill(0, first * width, (first + 1) * width);
    weights.fill(0, 2 * first, 2 * first + 2);
    for (let t = 0; t < steps; t++) {
      const output = first + 1 + t;
      const weight = counts(row, t) ? 1 : 0;
      for (let c = 0; c < width; c++) {
        labels[output * width + c] = targets?.labels[(row * steps + t) * width + c] ?? 0;
      }
      weights[2 * output] = (weight * (targets?.sampleWeights?.[row] ?? 1)) / Math.max(1, counted);
      weights[2 * output + 1] = weight;
    }
  });
}

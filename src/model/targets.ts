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
  /** Outputs that the loss is a mean over. */
  mean: number;
}

/** Where they go: [outputs, labelWidth], and [outputs, 2] (weight in the loss, weight in the count). */
interface Sections {
  labels: Float32Array;
  weights: Float32Array;
}

/** Whether an output of a net that returns sequences has a part in loss and accuracy. */
function counts({ data, layout }: Pick<Planned, "data" | "layout">, row: number, t: number): boolean {
  return !layout.maskLoss || data.tokens[data.starts[row] + t] !== 0;
}

/** Outputs of these rows that have a part in the loss; at least one, for it is divided by. */
export function countedOutputs(data: TokenData, layout: BatchLayout, rows: Uint32Array): number {
  if (!layout.sequences) return rows.length;
  const steps = layout.stages.at(-1) ?? data.steps;
  if (!layout.maskLoss) return rows.length * steps;
  let counted = 0;
  for (const row of rows) {
    for (let t = 0; t < steps; t++) if (counts({ data, layout }, row, t)) counted++;
  }
  return Math.max(1, counted);
}

/** Lays out labels and weights of the outputs. The loss is a mean, so the weights hold the division. */
export function placeTargets(into: Sections, planned: Planned): void {
  if (planned.layout.sequences) placeSequences(into, planned);
  else placeSamples(into, planned);
}

function placeSamples({ labels, weights }: Sections, { targets, layout, samples, mean }: Planned): void {
  const width = layout.labelWidth;
  samples.forEach((row, i) => {
    for (let c = 0; c < width; c++) labels[i * width + c] = targets?.labels[row * width + c] ?? 0;
    weights[2 * i] = (targets?.sampleWeights?.[row] ?? 1) / mean;
    weights[2 * i + 1] = 1;
  });
}

/**
 * One output for each state row; the row before the first step has no part in loss or accuracy. Nets that
 * return sequences have all steps of every sample.
 */
function placeSequences({ labels, weights }: Sections, planned: Planned): void {
  const { data, targets, layout, samples, mean } = planned;
  const width = layout.labelWidth;
  const steps = layout.stages.at(-1) ?? data.steps;
  samples.forEach((row, i) => {
    const first = i * (steps + 1);
    labels.fill(0, first * width, (first + 1) * width);
    weights.fill(0, 2 * first, 2 * first + 2);
    for (let t = 0; t < steps; t++) {
      const output = first + 1 + t;
      const weight = counts(planned, row, t) ? 1 : 0;
      for (let c = 0; c < width; c++) {
        labels[output * width + c] = targets?.labels[(row * steps + t) * width + c] ?? 0;
      }
      weights[2 * output] = (weight * (targets?.sampleWeights?.[row] ?? 1)) / mean;
      weights[2 * output + 1] = weight;
    }
  });
}

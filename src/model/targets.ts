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

/** Outputs of a sample: one for each step of a net that returns sequences. */
export function outputsOf(data: TokenData, { sequences, stages }: BatchLayout): number {
  return sequences ? (stages.at(-1) ?? data.steps) : 1;
}

/** Whether an output has a part in loss and accuracy. */
function counts({ tokens, starts }: TokenData, { maskLoss }: BatchLayout, row: number, t: number): boolean {
  return !maskLoss || tokens[starts[row] + t] !== 0;
}

/** Outputs of these rows that have a part in the loss; at least one, for it is divided by. */
export function countedOutputs(data: TokenData, layout: BatchLayout, rows: Uint32Array): number {
  const steps = outputsOf(data, layout);
  if (!layout.maskLoss) return rows.length * steps;
  let counted = 0;
  for (const row of rows) {
    for (let t = 0; t < steps; t++) if (counts(data, layout, row, t)) counted++;
  }
  return Math.max(1, counted);
}

/**
 * Lays out labels and weights of the outputs. The loss is a mean, so the weights hold the division. Nets that return
 * sequences have an output for each state row: that before the first step has no part in loss or accuracy.
 */
export function placeTargets({ labels, weights }: Sections, planned: Planned): void {
  const { data, targets, layout, samples, mean } = planned;
  const { sequences, labelWidth: width } = layout;
  const steps = outputsOf(data, layout);
  let output = 0;
  for (const row of samples) {
    if (sequences) {
      labels.fill(0, output * width, (output + 1) * width);
      weights.fill(0, 2 * output, 2 * (output + 1));
      output++;
    }
    for (let t = 0; t < steps; t++, output++) {
      const weight = counts(data, layout, row, t) ? 1 : 0;
      for (let c = 0; c < width; c++) {
        labels[output * width + c] = targets?.labels[(row * steps + t) * width + c] ?? 0;
      }
      weights[2 * output] = (weight * (targets?.sampleWeights?.[row] ?? 1)) / mean;
      weights[2 * output + 1] = weight;
    }
  }
}

import { loss, type LossOptions } from "../../src/kernels/loss";
import { sigmoid } from "../reference/activation";
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
  type LossResult,
} from "../reference/loss";
import {
  binaryCrossentropyOfOutputs,
  categoricalCrossentropyOfOutputs,
  sparseCategoricalCrossentropyOfOutputs,
} from "../reference/loss-of-outputs";
import { randomIntegers, randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

const extremes = [100, -100, 88.8, -88.8, 1000, -1000, 0, 0.5];

interface Data {
  readonly z: Float32Array;
  readonly labels: Float32Array;
  readonly width: number;
}

/** Loss and derivative of one row of weight 1. */
function twin({ kind, from }: LossOptions, { z, labels, width }: Data): LossResult {
  const logits = from === "logits";
  switch (kind) {
    case "binaryCrossentropy":
      return logits ? binaryCrossentropy(z, labels) : binaryCrossentropyOfOutputs(z, labels);
    case "sparseCategoricalCrossentropy":
      return logits
        ? sparseCategoricalCrossentropy(z, labels, width)
        : sparseCategoricalCrossentropyOfOutputs(z, labels, width);
    case "categoricalCrossentropy":
      return logits
        ? categoricalCrossentropy(z, labels, width)
        : categoricalCrossentropyOfOutputs(z, labels, width);
    case "meanAbsoluteError":
      return meanAbsoluteError(z, labels, width);
    case "meanSquaredError":
      return meanSquaredError(z, labels, width);
  }
}

/** The share of right answers in one row. */
function rightAnswers({ kind, from, linear }: LossOptions, { z, labels, width }: Data): number {
  if (kind === "sparseCategoricalCrossentropy") {
    return Number(z.indexOf(Math.max(...z)) === labels[0]);
  }
  const largest = (values: Float32Array): number => values.indexOf(Math.max(...values));
  if (width > 1) return Number(largest(z) === largest(labels));
  const output = (x: number): number => (from === "logits" && !linear ? sigmoid(x) : x);
  return Number((output(z[0]) > 0.5 ? 1 : 0) === labels[0]);
}

function lossCase(rows: number, options: LossOptions, extreme = false): KernelCase {
  const { kind, from, width, linear } = options;
  const sparse = kind === "sparseCategoricalCrossentropy";
  const name = `loss: ${kind} of ${from}, ${rows} rows of ${width}${linear ? ", linear" : ""}${extreme ? ", extreme" : ""}`;
  return kernelCase(name, async (device) => {
    const size = rows * width;
    const z =
      from === "outputs" && kind.endsWith("Crossentropy")
        ? randomValues(size, 1).map((value) => Math.min(0.99, Math.abs(value) + 0.01))
        : randomValues(size, 1, 4);
    if (extreme) z.forEach((_, i) => (z[i] = extremes[i % extremes.length]));
    const labels = Float32Array.from(randomIntegers(sparse ? rows : size, 2, 0, sparse ? width : 2));
    if (!sparse) labels[size - 1] = 0.3;
    const weights = Float32Array.from({ length: 2 * rows }, (_, i) =>
      i % 2 ? Number(i % 7 !== 3) : (i % 5) / 3,
    );
    const expected = { rowMetrics: [] as number[], dz: [] as number[] };
    for (let row = 0; row < rows; row++) {
      const perRow = sparse ? 1 : width;
      const data = {
        z: z.slice(row * width, (row + 1) * width),
        labels: labels.slice(row * perRow, (row + 1) * perRow),
        width,
      };
      const [inLoss, inCount] = weights.subarray(2 * row);
      const result = twin(options, data);
      expected.rowMetrics.push(inLoss * result.loss, inCount * rightAnswers(options, data), inCount, 0);
      expected.dz.push(...result.gradient.map((d) => inLoss * d));
    }
    const actual = await runKernel(device, loss(options), {
      sizes: { outputs: rows },
      inputs: { z, labels, weights },
      outputs: { rowMetrics: rows * 4, dz: size },
    });
    // Derivatives of clipped probabilities are quotients of differences from one: their digits are fewer.
    assertOutputs(actual, expected, kernelTolerance(from === "outputs" ? 200 : width + 4));
  });
}

const binary = { kind: "binaryCrossentropy", from: "logits", width: 1, linear: false } as const;
const sparse = { kind: "sparseCategoricalCrossentropy", from: "logits", width: 5, linear: false } as const;
const categorical = { kind: "categoricalCrossentropy", from: "logits", width: 5, linear: false } as const;
const absolute = { kind: "meanAbsoluteError", from: "outputs", width: 3, linear: true } as const;
const squared = { kind: "meanSquaredError", from: "outputs", width: 3, linear: true } as const;

export const cases: KernelCase[] = [
  ...[1, 2, 63, 65, 127].map((rows) => lossCase(rows, binary)),
  lossCase(16, binary, true),
  lossCase(16, { ...binary, linear: true }, true),
  lossCase(13, { ...binary, width: 3 }),
  lossCase(65, { ...binary, from: "outputs" }),
  ...[1, 2, 33].map((width) => lossCase(13, { ...sparse, width })),
  lossCase(8, { ...sparse, width: 3 }, true),
  lossCase(127, { ...sparse, from: "outputs" }),
  ...[2, 5, 33].map((width) => lossCase(13, { ...categorical, width })),
  lossCase(8, { ...categorical, width: 3 }, true),
  lossCase(127, { ...categorical, from: "outputs" }),
  ...[1, 3].map((width) => lossCase(65, { ...absolute, width })),
  ...[1, 3].map((width) => lossCase(65, { ...squared, width })),
];

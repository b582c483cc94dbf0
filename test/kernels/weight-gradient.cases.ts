import {
  weightGradient,
  weightGradientSize,
  weightGradientTiles,
  type WeightGradientOptions,
} from "../../src/kernels/weight-gradient";
import { denseBackward } from "../reference/dense";
import { partialLength, sumPartials } from "../reference/rows";
import { randomIntegers, randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, segmentWordsOf, type KernelCase } from "./harness";
import { batchSizes, widths } from "./sizes";

const counts = { same: "rows", above: "rows", last: "samples", token: "tasks" } as const;

interface Pairing {
  xRows: number;
  /** Which row of x meets row r of dz. */
  inputRow: (r: number) => number;
  /** What tells the kernel so. */
  extra: Record<string, ArrayLike<number>>;
}

function pairing(n: number, { rows, first }: WeightGradientOptions): Pairing {
  const tokens = Uint32Array.from(randomIntegers(n, 9, 0, 2 * n));
  const { segments, rows: stateRows } = segmentWordsOf(
    Array.from({ length: n + first }, (_, i) => (i * 5) % 3),
  );
  switch (rows) {
    case "same":
      return { xRows: n, inputRow: (r: number) => r, extra: {} };
    case "above":
      return { xRows: n, inputRow: (r: number) => Math.max(r, 1) - 1, extra: {} };
    case "token":
      return { xRows: 2 * n, inputRow: (r: number) => tokens[r], extra: { taskTokens: tokens } };
    case "last": {
      const at = (r: number): number => segments[(r + first) * 4] + segments[(r + first) * 4 + 1];
      return { xRows: stateRows, inputRow: at, extra: { segments } };
    }
  }
}

function gradientCase(n: number, options: Partial<WeightGradientOptions>): KernelCase {
  const rows = options.rows ?? "same";
  const full: WeightGradientOptions = {
    inputs: 5,
    outputs: 3,
    rows,
    count: counts[rows],
    first: 0,
    useBias: true,
    chunks: 3,
    ...options,
  };
  const { inputs, outputs, useBias, chunks } = full;
  const name = `weightGradient: ${n} ${full.count}, ${inputs} to ${outputs}, ${rows}, ${chunks} chunks, ${useBias ? "bias" : "no bias"}`;
  return kernelCase(name, async (device) => {
    const { xRows, inputRow, extra } = pairing(n, full);
    const x = randomValues(xRows * inputs, 1);
    const dz = randomValues(n * outputs, 2);
    // The first row is one before a first step: it has no state above it, and its derivative is zero.
    if (rows === "above") dz.fill(0, 0, outputs);
    const shape = { rows: inputs, columns: outputs, useBias };
    const { partials } = await runKernel(device, weightGradient(full), {
      sizes: { [full.count]: n },
      inputs: { x, dz, ...extra },
      outputs: { partials: chunks * partialLength(shape) },
      grid: [Math.ceil(weightGradientTiles(full) / weightGradientSize), chunks],
    });
    const met = Float32Array.from(
      { length: n * inputs },
      (_, i) => x[inputRow(Math.floor(i / inputs)) * inputs + (i % inputs)],
    );
    const { dKernel, dBias } = denseBackward(dz, met, new Float32Array(inputs * outputs), {
      rows: n,
      inputs,
      units: outputs,
    });
    const sums = sumPartials(partials, shape);
    const actual = { kernel: Float32Array.from(sums.kernel), bias: Float32Array.from(sums.bias) };
    assertOutputs(actual, { kernel: dKernel, bias: useBias ? dBias : [] }, kernelTolerance(n));
  });
}

export const cases: KernelCase[] = [
  ...widths.map((width, i) => gradientCase(37, { inputs: width, outputs: widths[(i + 4) % widths.length] })),
  ...batchSizes.map((n) => gradientCase(n, { chunks: 64 })),
  ...(["above", "last", "token"] as const).map((rows) =>
    gradientCase(41, { rows, useBias: rows !== "above" }),
  ),
  gradientCase(41, { rows: "last", first: 1, inputs: 8, outputs: 1 }),
  gradientCase(200, { useBias: false, chunks: 1, inputs: 33, outputs: 33 }),
];

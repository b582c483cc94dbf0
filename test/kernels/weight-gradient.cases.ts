import { weightGradient, type WeightGradientOptions } from "../../src/kernels/weight-gradient";
import { narrowWeightGradientFits, weightGradientNarrow } from "../../src/kernels/weight-gradient-narrow";
import type { TablePart } from "../../src/kernels/shared/table-part";
import type { ScanShape } from "../../src/kernels/scan";
import { denseBackward } from "../reference/dense";
import { partialLength, sumPartials } from "../reference/rows";
import { randomIntegers, randomValues } from "../support/random";
import { assertEqual } from "../support/assert";
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

function gradientCase(
  n: number,
  options: Partial<WeightGradientOptions>,
  scan: ScanShape = "wide",
  part?: TablePart,
): KernelCase {
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
  const { inputs, outputs, stride = outputs, offset = 0, useBias, chunks } = full;
  const { first, rows: own } = part ?? { first: 0, rows: inputs };
  const taken =
    (stride === outputs ? "" : ` of ${stride} from ${offset}`) +
    (part ? `, rows ${first} to ${first + own - 1}` : "");
  const name = `weightGradient, ${scan}: ${n} ${full.count}, ${inputs} to ${outputs}${taken}, ${rows}, ${chunks} chunks, ${useBias ? "bias" : "no bias"}`;
  const narrow = scan === "narrow";
  return kernelCase(name, async (device) => {
    assertEqual(
      narrow && !narrowWeightGradientFits(full),
      false,
      "a size that the narrow shape does not take",
    );
    const { xRows, inputRow, extra } = pairing(n, full);
    const x = randomValues(xRows * inputs, 1);
    const dz = randomValues(n * stride, 2);
    // The first row is one before a first step: it has no state above it, and its derivative is zero.
    if (rows === "above") dz.fill(0, 0, stride);
    const shape = { rows: own, columns: outputs, useBias };
    const gradient = narrow ? weightGradientNarrow(full) : weightGradient(full, part);
    const { partials } = await runKernel(device, gradient, {
      sizes: { [full.count]: n },
      inputs: { x, dz, ...extra },
      outputs: { partials: chunks * partialLength(shape) },
    });
    const met = Float32Array.from(
      { length: n * own },
      (_, i) => x[inputRow(Math.floor(i / own)) * inputs + first + (i % own)],
    );
    const columns = dz.filter((_, i) => i % stride >= offset && i % stride < offset + outputs);
    const { dKernel, dBias } = denseBackward(columns, met, new Float32Array(own * outputs), {
      rows: n,
      inputs: own,
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
  // More workgroups than a row of a grid has.
  gradientCase(70_001, { chunks: 70_000, inputs: 2, outputs: 1 }),
  ...(["wide", "narrow"] as const).flatMap((scan) => [
    // Some columns of wider rows, as the gates of a cell lie.
    gradientCase(41, { inputs: 8, outputs: 16, stride: 24, rows: "above" }, scan),
    gradientCase(41, { inputs: 8, outputs: 8, stride: 24, offset: 16, chunks: 5 }, scan),
    // Odd numbers of rows and of rows in a chunk; fewer rows than chunks.
    ...[1, 2, 7, 129].map((n) => gradientCase(n, { inputs: 16, outputs: 16, chunks: 4 }, scan)),
    // Several tiles down and across.
    gradientCase(9, { inputs: 64, outputs: 36 }, scan),
    gradientCase(33, { inputs: 20, outputs: 128, useBias: false }, scan),
    gradientCase(5, { inputs: 16, outputs: 16, rows: "last", first: 1 }, scan),
    gradientCase(5, { inputs: 16, outputs: 16, rows: "token" }, scan),
  ]),
  // Some rows of the gradient: the bias with the first of them, or alone.
  gradientCase(41, { inputs: 13, outputs: 6 }, "wide", { first: 0, rows: 8 }),
  gradientCase(41, { inputs: 13, outputs: 6, useBias: false }, "wide", { first: 8, rows: 5 }),
  gradientCase(41, { inputs: 16, outputs: 8, useBias: false }, "wide", { first: 4, rows: 8 }),
  gradientCase(41, { inputs: 16, outputs: 8, useBias: false, rows: "last", first: 1 }, "wide", {
    first: 6,
    rows: 2,
  }),
  gradientCase(41, { inputs: 16, outputs: 5, rows: "above" }, "wide", { first: 0, rows: 0 }),
  gradientCase(41, { inputs: 5, outputs: 10, stride: 15, rows: "above" }),
  gradientCase(41, { inputs: 5, outputs: 5, stride: 15, offset: 10 }),
  gradientCase(41, { inputs: 5, outputs: 8, stride: 13, offset: 4 }),
];

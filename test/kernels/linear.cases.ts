import { linear, linearSize, type LinearOptions } from "../../src/kernels/linear";
import { activate } from "../reference/activation";
import { denseForward } from "../reference/dense";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import {
  assertOutputs,
  invocations,
  kernelCase,
  runKernel,
  segmentWordsOf,
  type KernelCase,
} from "./harness";
import { widths } from "./sizes";

function linearCase(rows: number, options: Partial<LinearOptions>): KernelCase {
  const full: LinearOptions = {
    inputs: 5,
    outputs: 3,
    useBias: true,
    activation: "linear",
    rows: "same",
    count: "rows",
    first: 0,
    ...options,
  };
  const { inputs, outputs, useBias, activation, first } = full;
  const name = `linear: ${rows} rows, ${inputs} to ${outputs}, ${activation}, ${full.rows} from ${first}, ${useBias ? "bias" : "no bias"}`;
  return kernelCase(name, async (device) => {
    const last = full.rows === "last";
    const lengths = Array.from({ length: rows + first }, (_, i) => (i * 5) % 3);
    const { segments, rows: stateRows } = segmentWordsOf(lengths);
    const x = randomValues((last ? stateRows : rows) * inputs, 1);
    const kernel = randomValues(inputs * outputs, 2);
    const bias = randomValues(outputs, 3);
    const rowOf = (r: number): number => segments[(r + first) * 4] + segments[(r + first) * 4 + 1];
    const taken = Float32Array.from({ length: rows * inputs }, (_, i) => {
      const row = Math.floor(i / inputs);
      return x[(last ? rowOf(row) : row) * inputs + (i % inputs)];
    });
    const z = denseForward(taken, kernel, useBias ? bias : undefined, { rows, inputs, units: outputs });
    const actual = await runKernel(device, linear(full), {
      sizes: { [full.count]: rows },
      inputs: { x, kernel, ...(useBias ? { bias } : {}), ...(last ? { segments } : {}) },
      outputs: { out: rows * outputs },
      grid: invocations(rows * outputs, linearSize),
    });
    assertOutputs(actual, { out: z.map((value) => activate(activation, value)) }, kernelTolerance(inputs));
  });
}

export const cases: KernelCase[] = [
  ...widths.map((width, i) => linearCase(7, { inputs: width, outputs: widths[(i + 4) % widths.length] })),
  ...([1, 2, 127, 129] as const).map((rows) => linearCase(rows, {})),
  ...(["tanh", "relu", "sigmoid"] as const).map((activation) => linearCase(11, { activation })),
  linearCase(3, { useBias: false }),
  linearCase(5, { rows: "last", count: "samples" }),
  linearCase(5, { rows: "last", count: "samples", first: 1 }),
];

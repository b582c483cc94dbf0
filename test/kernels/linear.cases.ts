import { linear, type LinearOptions } from "../../src/kernels/linear";
import { linearNarrow } from "../../src/kernels/linear-narrow";
import type { ScanShape } from "../../src/kernels/scan";
import { activate } from "../reference/activation";
import { denseForward } from "../reference/dense";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, segmentWordsOf, type KernelCase } from "./harness";
import { widths } from "./sizes";

function linearCase(shape: ScanShape, rows: number, options: Partial<LinearOptions>): KernelCase {
  const full: LinearOptions = {
    inputs: 5,
    outputs: 3,
    useBias: true,
    activation: "linear",
    rows: "same",
    count: "rows",
    first: 0,
    transposed: false,
    accumulate: false,
    ...options,
  };
  const { inputs, outputs, useBias, activation, first, transposed, accumulate } = full;
  const flags = (["useBias", "transposed", "accumulate"] as const).filter((flag) => full[flag]);
  const size = `${rows} ${full.count}, ${inputs} to ${outputs}`;
  const name = `linear, ${shape}: ${[size, activation, `${full.rows} from ${first}`, ...flags].join(", ")}`;
  return kernelCase(name, async (device) => {
    const last = full.rows === "last";
    const lengths = Array.from({ length: rows + first }, (_, i) => (i * 5) % 3);
    const { segments, rows: stateRows } = segmentWordsOf(lengths);
    const x = randomValues((last ? stateRows : rows) * inputs, 1);
    const kernel = randomValues(inputs * outputs, 2);
    const bias = randomValues(outputs, 3);
    const held = randomValues(rows * outputs, 4);
    const rowOf = (r: number): number => segments[(r + first) * 4] + segments[(r + first) * 4 + 1];
    const taken = Float32Array.from({ length: rows * inputs }, (_, i) => {
      const row = Math.floor(i / inputs);
      return x[(last ? rowOf(row) : row) * inputs + (i % inputs)];
    });
    const z = denseForward(taken, transposed ? turned(kernel, inputs) : kernel, useBias ? bias : undefined, {
      ...{ rows, inputs, units: outputs },
    });
    const actual = await runKernel(device, (shape === "narrow" ? linearNarrow : linear)(full), {
      sizes: { [full.count]: rows },
      inputs: { x, kernel, ...(useBias ? { bias } : {}), ...(last ? { segments } : {}) },
      outputs: { out: accumulate ? held : rows * outputs },
    });
    const out = z.map((value, i) => activate(activation, value) + (accumulate ? held[i] : 0));
    assertOutputs(actual, { out }, kernelTolerance(inputs));
  });
}

/** [J, K] as [K, J]. */
function turned(kernel: Float32Array, inputs: number): Float32Array {
  const outputs = kernel.length / inputs;
  return kernel.map((_, i) => kernel[(i % outputs) * inputs + Math.floor(i / outputs)]);
}

const shapes = ["wide", "narrow"] as const;
const back = { transposed: true, useBias: false } as const;

export const cases: KernelCase[] = [
  ...shapes.flatMap((shape) => {
    const make = (rows: number, options: Partial<LinearOptions>): KernelCase =>
      linearCase(shape, rows, options);
    return [
      ...widths.map((width, i) => make(7, { inputs: width, outputs: widths[(i + 4) % widths.length] })),
      ...widths.map((width, i) =>
        make(7, { ...back, outputs: width, inputs: widths[(i + 5) % widths.length] }),
      ),
      ...([1, 2, 127, 129] as const).map((rows) => make(rows, {})),
      ...([1, 2, 127] as const).map((rows) => make(rows, { ...back, count: "samples", accumulate: true })),
      ...(["tanh", "relu", "sigmoid"] as const).map((activation) => make(11, { activation })),
      make(3, { useBias: false }),
      make(5, { rows: "last", count: "samples" }),
      make(5, { rows: "last", count: "samples", first: 1 }),
      make(131, { ...back, inputs: 8, outputs: 4, accumulate: true }),
    ];
  }),
  // Several groups of columns.
  linearCase("narrow", 131, { inputs: 65, outputs: 128 }),
  linearCase("narrow", 5, { ...back, inputs: 171, outputs: 24, accumulate: true }),
];

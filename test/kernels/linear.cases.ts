import { linear, type LinearOptions } from "../../src/kernels/linear";
import type { TablePart } from "../../src/kernels/shared/table-part";
import { linearNarrow } from "../../src/kernels/linear-narrow";
import type { ScanShape } from "../../src/kernels/scan";
import { activate } from "../reference/activation";
import { denseForward } from "../reference/dense";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, segmentWordsOf, type KernelCase } from "./harness";
import { widths } from "./sizes";

/** @param part rows of the kernel that are bound, the others being without effect */
function linearCase(
  shape: ScanShape,
  rows: number,
  options: Partial<LinearOptions>,
  part?: TablePart,
): KernelCase {
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
  const name = `linear, ${shape}: ${[size, activation, `${full.rows} from ${first}`, ...flags].join(", ")}${part ? `, rows ${part.first} to ${part.first + part.rows - 1}` : ""}`;
  return kernelCase(name, async (device) => {
    const last = full.rows === "last";
    const lengths = Array.from({ length: rows + first }, (_, i) => (i * 5) % 3);
    const { segments, rows: stateRows } = segmentWordsOf(lengths);
    const x = randomValues((last ? stateRows : rows) * inputs, 1);
    const kernel = randomValues(inputs * outputs, 2);
    const width = transposed ? inputs : outputs;
    const bound = part ?? { first: 0, rows: kernel.length / width };
    const own = kernel.slice(bound.first * width, (bound.first + bound.rows) * width);
    if (!transposed) {
      kernel.fill(0, 0, bound.first * width);
      kernel.fill(0, (bound.first + bound.rows) * width);
    }
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
    const actual = await runKernel(device, shape === "narrow" ? linearNarrow(full) : linear(full, part), {
      sizes: { [full.count]: rows },
      inputs: { x, kernel: own, ...(useBias ? { bias } : {}), ...(last ? { segments } : {}) },
      outputs: { out: accumulate || part ? held : rows * outputs },
    });
    const isOwn = (column: number): boolean =>
      !transposed || (column >= bound.first && column < bound.first + bound.rows);
    const out = z.map((value, i) =>
      isOwn(i % outputs) ? activate(activation, (accumulate ? held[i] : 0) + value) : held[i],
    );
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
  // Of a kernel in parts the first, one in the middle that goes on from the sums before, and the last.
  linearCase("wide", 7, { inputs: 13, outputs: 5 }, { first: 0, rows: 8 }),
  linearCase("wide", 7, { inputs: 13, outputs: 5, accumulate: true, useBias: false }, { first: 4, rows: 3 }),
  linearCase(
    "wide",
    6,
    { inputs: 12, outputs: 8, accumulate: true, useBias: false, activation: "tanh" },
    { first: 8, rows: 4 },
  ),
  linearCase(
    "wide",
    5,
    { inputs: 9, rows: "last", count: "samples", first: 1, accumulate: true, useBias: false },
    { first: 3, rows: 6 },
  ),
  linearCase("wide", 7, { ...back, inputs: 6, outputs: 13 }, { first: 0, rows: 8 }),
  linearCase("wide", 7, { ...back, inputs: 6, outputs: 13, accumulate: true }, { first: 5, rows: 6 }),
  // Several groups of columns.
  linearCase("narrow", 131, { inputs: 65, outputs: 128 }),
  linearCase("narrow", 5, { ...back, inputs: 171, outputs: 24, accumulate: true }),
];

import { simpleRnnCell } from "../../src/kernels/cells/simple-rnn";
import type { ScanBackwardOptions, ScanShape } from "../../src/kernels/scan";
import { scanBackwardNarrow, sumsRecurrentGradient } from "../../src/kernels/scan-backward-narrow";
import { scanBackwardWide } from "../../src/kernels/scan-backward-wide";
import { scanForwardNarrow } from "../../src/kernels/scan-forward-narrow";
import { scanForwardWide } from "../../src/kernels/scan-forward-wide";
import { narrowSize } from "../../src/kernels/shared/narrow";
import { Arena } from "../../src/runtime/arena";
import type { Device } from "../../src/runtime/device";
import type { KernelDeclaration } from "../../src/runtime/kernel";
import { Program, type Grid } from "../../src/runtime/program";
import type { Tensor } from "../../src/runtime/tensor";
import { partialLength, sumPartials, sumRows } from "../reference/rows";
import { kernelTolerance } from "../support/tolerances";
import {
  assertOutputs,
  download,
  invocations,
  kernelCase,
  upload,
  type KernelCase,
  type Values,
} from "./harness";
import { scanData, type ScanData, type ScanTest } from "./scan-data";
import { batchSizes, narrowWidths, timeSteps, wideUnits } from "./sizes";

type Part = ScanBackwardOptions["part"];

/** Invocations of the narrow backward scan: fewer than the larger batches have samples. */
const lanes = 2 * narrowSize;

/** The dispatches of one scan over the whole batch, forward and backward, as a layer records them. */
function dispatches(
  shape: ScanShape,
  { units, activation, source, masked, reverse, sequences, share }: ScanTest,
  samples: number,
): { declaration: KernelDeclaration; grid: Grid }[] {
  const options = { units, cell: simpleRnnCell(activation), source, masked, reverse };
  const parts: Part[] = share ? ["prefix", "samples"] : ["all"];
  const wide = shape === "wide";
  const grid = (part: Part, all: Grid): Grid => (part === "prefix" ? [1] : all);
  const forward = parts.map((part) => ({
    declaration: (wide ? scanForwardWide : scanForwardNarrow)({ ...options, part }),
    grid: grid(part, wide ? [samples] : invocations(samples, narrowSize)),
  }));
  const backward = parts.toReversed().map((part) => {
    const full = { ...options, part, sequences };
    return {
      declaration: wide ? scanBackwardWide(full) : scanBackwardNarrow(full, lanes),
      grid: grid(part, wide ? [samples] : [lanes / narrowSize]),
    };
  });
  return [...forward, ...backward];
}

/** States, derivatives and, where the scan sums it up, the recurrent kernel's gradient. */
async function runScan(
  device: Device,
  shape: ScanShape,
  test: ScanTest,
  data: ScanData,
): Promise<Record<string, Values>> {
  const { units, share } = test;
  const { sizes } = data;
  const arena = new Arena(device, "test scan");
  try {
    const sums = shape === "narrow" && sumsRecurrentGradient(units, 1);
    const kernelShape = { rows: units, columns: units, useBias: false };
    const float = (name: string, values: number | Float32Array): Tensor => upload(arena, name, false, values);
    const tensors: Record<string, Tensor> = {
      ...data.upload(arena),
      slots: upload(arena, "slots", true, data.slots),
      projected: float("projected", data.projected),
      recurrentKernel: float("recurrentKernel", data.recurrentKernel),
      dLast: float("dLast", data.dLast),
      dSequence: float("dSequence", data.dSequence),
      h: float("h", sizes.rows * units),
      dz: float("dz", sizes.rows * units),
      dOrigin: float("dOrigin", sizes.segments * units),
      partials: float("partials", sums ? (lanes + (share ? 1 : 0)) * partialLength(kernelShape) : 0),
    };
    const program = new Program<undefined>(device, "scan");
    for (const { declaration, grid } of dispatches(shape, test, sizes.samples)) {
      const bound = Object.keys(declaration.bindings).map((name) => [name, tensors[name]] as const);
      program.dispatch(declaration, Object.fromEntries(bound), () => grid);
    }
    await program.ready();
    program.run(undefined);
    const outputs = ["h", "dz", "dOrigin", "partials"].map((name) => [name, tensors[name]] as const);
    const { h, dz, partials } = await download(device, outputs);
    if (!sums) return { h, dz };
    return { h, dz, dRecurrentKernel: Float32Array.from(sumPartials(partials, kernelShape).kernel) };
  } finally {
    arena.dispose();
  }
}

const usual: ScanTest = {
  units: 5,
  batch: 5,
  steps: 7,
  activation: "tanh",
  padding: "left",
  share: false,
  masked: false,
  reverse: false,
  sequences: false,
  source: "tokens",
  scale: 1,
};

function scanCase(shape: ScanShape, options: Partial<ScanTest>): KernelCase {
  const test = { ...usual, ...options };
  const { units, batch, steps, activation, padding, source, scale } = test;
  const flags = (["share", "masked", "reverse", "sequences"] as const).filter((flag) => test[flag]);
  const size = `U ${units}, B ${batch}, T ${steps}`;
  const name = `scan, ${shape}: ${[size, activation, `${padding} padding`, source, ...flags].join(", ")}${scale === 1 ? "" : `, inputs of ${scale}`}`;
  return kernelCase(name, async (device) => {
    const data = scanData(test);
    const actual = await runScan(device, shape, test, data);
    const expected = Object.entries(data.expected).filter(([key]) => key in actual);
    assertOutputs(actual, Object.fromEntries(expected), kernelTolerance(batch * steps * units));
  });
}

function casesOf(shape: ScanShape): KernelCase[] {
  const make = (options: Partial<ScanTest>): KernelCase => scanCase(shape, options);
  return [
    // Large narrow scans compile slowly: one variant of each will do.
    ...(shape === "wide" ? wideUnits : narrowWidths).map((units, i) => {
      const large = shape === "narrow" && units > 5;
      return make({ units, share: !large && i % 2 === 0, sequences: !large && i % 3 === 1 });
    }),
    ...batchSizes.map((batch) => make({ batch, units: 4, steps: 3, share: true })),
    ...timeSteps.flatMap((steps) => [true, false].map((share) => make({ steps, units: 4, share }))),
    ...(["relu", "sigmoid", "linear"] as const).map((activation) => make({ activation, share: true })),
    // All rows are nothing but padding; none has any.
    make({ padding: "all", share: true }),
    make({ padding: "none", share: true }),
    make({ padding: "mixed", masked: true }),
    make({ padding: "mixed", masked: true, reverse: true, sequences: true }),
    make({ reverse: true, units: 4, batch: 37 }),
    make({ source: "rows", share: true }),
    make({ source: "rows", share: true, sequences: true, units: 4 }),
    make({ source: "rows", reverse: true, sequences: true }),
    ...(["tanh", "sigmoid"] as const).map((activation) => make({ activation, scale: 1e4, share: true })),
  ];
}

/** The shared prefix is an economy, not another result: without it everything is the same to rounding. */
function sharingCase(shape: ScanShape): KernelCase {
  return kernelCase(`scan, ${shape}: the same with and without the shared prefix`, async (device) => {
    const { units } = usual;
    const run = async (share: boolean): Promise<{ last: Float32Array; sum: Float32Array }> => {
      const test = { ...usual, share, batch: 9 };
      const data = scanData(test);
      const { h, dz } = await runScan(device, shape, test, data);
      const last = Float32Array.from(
        data.lastRows.flatMap((row) => [...h.subarray(row * units, (row + 1) * units)]),
      );
      return { last, sum: Float32Array.from(sumRows(dz, units)) };
    };
    assertOutputs(await run(true), await run(false), kernelTolerance(9 * usual.steps * units));
  });
}

export const cases: KernelCase[] = [
  ...casesOf("narrow"),
  ...casesOf("wide"),
  scanCase("wide", { units: 1024, batch: 2, steps: 2 }),
  sharingCase("narrow"),
  sharingCase("wide"),
];

/** The largest narrow scan takes some ten seconds to compile: Node's tests alone run it. */
export const slowCases: KernelCase[] = [scanCase("narrow", { units: 64 })];

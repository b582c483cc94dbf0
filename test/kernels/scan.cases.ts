import type { ScanForm } from "../../src/kernels/scan";
import { sumRows } from "../reference/rows";
import type { CellKind } from "../reference/scan";
import { assertEqual, assertTrue } from "../support/assert";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, type KernelCase } from "./harness";
import { scanData, type ScanData, type ScanTest } from "./scan-data";
import { cellOf, runScan, type ScanRun } from "./scan-run";
import { batchSizes, narrowWidths, tiledUnits, timeSteps, wideUnits } from "./sizes";

const usual: ScanTest = {
  cell: "simpleRNN",
  activation: "tanh",
  recurrentActivation: "sigmoid",
  resetAfter: true,
  recurrentBias: false,
  units: 5,
  batch: 5,
  steps: 7,
  padding: "left",
  share: false,
  masked: false,
  reverse: false,
  sequences: false,
  source: "tokens",
  resumes: false,
  handed: false,
  dropout: 0,
  scale: 1,
};

/**
 * A test of a form. A layer comes in tiles from 33 units on (`scanForm`), so a test of fewer takes 32 more: loops of up
 * to 32 turns are unrolled by Mesa, one in the other, and then LLVM takes minutes for what no model runs.
 */
function testOf(form: ScanForm, options: Partial<ScanTest>): ScanTest {
  const test = { ...usual, ...options };
  return form === "tiled" && test.units <= 32 ? { ...test, units: test.units + 32 } : test;
}

/** Every cell, with whatever else tells one from another. */
const cells = {
  simpleRNN: {},
  lstm: { cell: "lstm" },
  "gru, reset after": { cell: "gru", recurrentBias: true },
  "gru, reset before": { cell: "gru", resetAfter: false },
} as const satisfies Record<string, Partial<ScanTest>>;

function nameOf(form: ScanForm, test: ScanTest): string {
  const { cell, units, batch, steps, activation, recurrentActivation, padding, source, scale, dropout } =
    test;
  const flags = (["share", "reverse", "sequences", "recurrentBias", "resumes", "handed"] as const).filter(
    (flag) => test[flag],
  );
  const gated = cell === "simpleRNN" ? [] : [recurrentActivation];
  const reset = cell === "gru" ? [test.resetAfter ? "reset after" : "reset before"] : [];
  const masks = test.masked ? [`masked by ${test.masked}`] : [];
  const size = `U ${units}, B ${batch}, T ${steps}`;
  const parts = [
    cell,
    size,
    activation,
    ...gated,
    ...reset,
    `${padding} padding`,
    source,
    ...masks,
    ...flags,
  ];
  const more = [
    ...(scale === 1 ? [] : [`inputs of ${scale}`]),
    ...(dropout === 0 ? [] : [`dropout ${dropout}`]),
  ];
  return `scan, ${form}: ${[...parts, ...more].join(", ")}`;
}

/** Rows whose gates mean nothing, made equal: those before a first step, and masked ones. */
function unread(values: Float32Array, expected: Float64Array): Float32Array {
  return values.map((value, i) => (expected[i] === 0 ? 0 : value));
}

function assertRun(test: ScanTest, { expected }: ScanData, run: ScanRun): void {
  const { units, batch, steps, dropout, share, recurrentBias } = test;
  const cell = cellOf(test);
  const tolerance = kernelTolerance(batch * steps * units);
  const { forward, backward } = run;
  const prefix = share ? backward.dOrigin.length - expected.dOrigin.length : 0;
  const pairs: [name: string, actual: Float32Array, expected: Float64Array][] = [
    ["h", forward.h, expected.h],
    ["dz", backward.dz, expected.dz],
    // The prefix's is no one's.
    ["dOrigin", backward.dOrigin.subarray(prefix), expected.dOrigin],
    ["dRecurrentKernel", run.dRecurrentKernel, expected.dRecurrentKernel],
  ];
  if (cell.memory) pairs.push(["c", forward.c, expected.c]);
  if (cell.keepsGates) pairs.push(["gates", unread(forward.dz, expected.gates), expected.gates]);
  if (cell.lastGate) {
    pairs.push(["extra", forward.extra, expected.extra], ["its derivative", backward.extra, expected.dExtra]);
  }
  if (dropout > 0) pairs.push(["inputs", forward.inputs, expected.inputs]);
  if (recurrentBias) pairs.push(["dRecurrentBias", run.dRecurrentBias, expected.dRecurrentBias]);
  for (const [name, actual, wanted] of pairs)
    assertOutputs({ [name]: actual }, { [name]: wanted }, tolerance);
}

function scanCase(form: ScanForm, options: Partial<ScanTest>): KernelCase {
  const test = testOf(form, options);
  return kernelCase(nameOf(form, test), async (device) => {
    const data = scanData(test);
    assertRun(test, data, await runScan(device, form, test, data));
  });
}

const unitsOf = { narrow: narrowWidths, tiled: tiledUnits, wide: wideUnits };

function simpleCases(form: ScanForm): KernelCase[] {
  const make = (options: Partial<ScanTest>): KernelCase => scanCase(form, options);
  return [
    // Large narrow scans compile slowly: one variant of each will do.
    ...unitsOf[form].map((units, i) => {
      const large = form === "narrow" && units > 5;
      return make({ units, share: !large && i % 2 === 0, sequences: !large && i % 3 === 1 });
    }),
    ...batchSizes.map((batch) => make({ batch, units: 4, steps: 3, share: true })),
    ...timeSteps.flatMap((steps) => [true, false].map((share) => make({ steps, units: 4, share }))),
    ...(["relu", "sigmoid", "linear"] as const).map((activation) => make({ activation, share: true })),
    // All rows are nothing but padding; none has any.
    make({ padding: "all", share: true }),
    make({ padding: "none", share: true }),
    make({ padding: "mixed", masked: "tokens" }),
    make({ padding: "mixed", masked: "tokens", reverse: true, sequences: true }),
    make({ reverse: true, units: 4, batch: 37 }),
    make({ source: "rows", share: true }),
    make({ source: "rows", share: true, sequences: true, units: 4 }),
    make({ source: "rows", reverse: true, sequences: true }),
    ...(["tanh", "sigmoid"] as const).map((activation) => make({ activation, scale: 1e4, share: true })),
  ];
}

/** Each option at least once for each cell, several of them in one variant: each takes time to compile. */
function gatedCases(form: ScanForm, cell: Partial<ScanTest>): KernelCase[] {
  const make = (options: Partial<ScanTest>): KernelCase => scanCase(form, { ...cell, ...options });
  return [
    make({ units: 1, batch: 1, steps: 1, padding: "none" }),
    make({ units: 4, batch: 37, share: true }),
    make({ units: 4, steps: 37, share: true }),
    make({ units: 4, padding: "all", share: true }),
    make({ units: 3, source: "rows", share: true, sequences: true }),
    make({ units: 5, padding: "mixed", masked: "tokens" }),
    make({ units: 5, padding: "mixed", masked: "tokens", reverse: true, sequences: true, source: "rows" }),
    make({ units: 5, activation: "softsign", recurrentActivation: "hardSigmoid", recurrentBias: false }),
    make({ units: 4, scale: 1e4, share: true }),
    ...(form === "narrow" ? [] : [31, 33, 65]).map((units) => make({ units })),
  ];
}

/** The shared prefix is an economy, not another result: without it everything is the same to rounding. */
function sharingCase(form: ScanForm, name: string, cell: Partial<ScanTest>): KernelCase {
  return kernelCase(`scan, ${form}, ${name}: the same with and without the shared prefix`, async (device) => {
    const { units } = testOf(form, {});
    const run = async (share: boolean): Promise<{ last: Float32Array; sum: Float32Array }> => {
      const test = testOf(form, { ...cell, share, batch: 9 });
      const data = scanData(test);
      const { forward, backward } = await runScan(device, form, test, data);
      const last = data.lastRows.flatMap((row) => [...forward.h.subarray(row * units, (row + 1) * units)]);
      const sum = sumRows(backward.dz, units * cellOf(test).gates);
      return { last: Float32Array.from(last), sum: Float32Array.from(sum) };
    };
    assertOutputs(await run(true), await run(false), kernelTolerance(9 * usual.steps * units));
  });
}

/**
 * A loop that is cut goes on where it was: chunks of one step, chunks behind the end of some samples and of
 * the prefix, one behind all of them.
 */
const cuts = [[4], [1, 2, 6], [5, 8]] as const;

function chunkCase(form: ScanForm, name: string, options: Partial<ScanTest>): KernelCase {
  const test = testOf(form, options);
  const lists = cuts.map((list) => list.join(" and ")).join(", ");
  return kernelCase(`scan, ${form}, ${name}: the same bits when cut at ${lists}`, async (device) => {
    const data = scanData(test);
    const whole = bitsOf(test, data, await runScan(device, form, test, data));
    for (const list of cuts) {
      const run = await runScan(device, form, test, data, { cuts: list });
      assertRun(test, data, run);
      // A GPU's compiler may treat a loop's first turns unlike the others; `compile` does not choose these forms there.
      if (!device.software && form !== "wide") continue;
      const cut = bitsOf(test, data, run);
      for (const [key, bits] of Object.entries(whole))
        assertSameBits(cut[key], bits, `${key}, cut at ${list.join()}`);
    }
  });
}

/** Everything of which chunks must not change a bit: all but the sums over steps, whose order they change. */
function bitsOf(test: ScanTest, { expected }: ScanData, run: ScanRun): Record<string, Uint32Array> {
  const { h, c, dz: gates, extra, inputs } = run.forward;
  const { dz, extra: dExtra, dOrigin } = run.backward;
  const own = dOrigin.subarray(test.share ? dOrigin.length - expected.dOrigin.length : 0);
  return Object.fromEntries(
    Object.entries({ h, c, gates, extra, inputs, dz, dExtra, dOrigin: own }).map(([key, values]) => [
      key,
      new Uint32Array(values.slice().buffer),
    ]),
  );
}

function assertSameBits(actual: Uint32Array, expected: Uint32Array, name: string): void {
  assertEqual(actual.length, expected.length, `${name}, length`);
  const at = expected.findIndex((word, i) => word !== actual[i]);
  assertTrue(at < 0, `${name}: expected the same bits, got others at ${at} of ${expected.length}`);
}

/** Without a backward pass to follow, the states are the same. */
function statesCase(form: ScanForm, name: string, options: Partial<ScanTest>): KernelCase {
  const test = testOf(form, options);
  return kernelCase(`scan, ${form}, ${name}: the same states where nothing else is kept`, async (device) => {
    const data = scanData(test);
    const { forward } = await runScan(device, form, test, data);
    const states = (await runScan(device, form, test, data, { keep: false })).forward;
    for (const key of ["h", "c"]) {
      assertSameBits(
        new Uint32Array(states[key].slice().buffer),
        new Uint32Array(forward[key].slice().buffer),
        key,
      );
    }
    for (const key of ["dz", "extra", "inputs"]) {
      assertTrue(states[key].every(Number.isNaN), `${key}: expected nothing stored, got values`);
    }
  });
}

const forms = ["narrow", "tiled", "wide"] as const;
/** From rows: with tokens and their slots, an LSTM's or GRU's scan would bind more buffers than every adapter allows. */
const dropped = { dropout: 0.4, source: "rows" } as const;
const masked = { padding: "mixed", masked: "tokens" } as const;
const marked = { padding: "mixed", masked: "rows", source: "rows" } as const;
const given = { resumes: true, padding: "none" } as const;

const cellCases = forms.flatMap((form) =>
  Object.entries(cells).flatMap(([name, cell]) => [
    ...(name === "simpleRNN" ? simpleCases(form) : gatedCases(form, cell)),
    scanCase(form, { ...cell, ...masked, resumes: true }),
    scanCase(form, { ...cell, ...masked, ...dropped, batch: 9 }),
    scanCase(form, { ...cell, ...marked }),
    scanCase(form, { ...cell, ...marked, reverse: true, sequences: true }),
    scanCase(form, { ...cell, ...given, ...dropped, reverse: true, sequences: true }),
    scanCase(form, { ...cell, ...given, ...dropped, handed: true }),
    chunkCase(form, `${name}, shared prefix`, { ...cell, units: 4, share: true }),
    chunkCase(form, `${name}, masked, sequences, backwards`, {
      ...cell,
      ...masked,
      ...{ reverse: true, sequences: true, source: "rows" },
    }),
    chunkCase(form, `${name}, dropout, given states`, { ...cell, ...given, ...dropped }),
    statesCase(form, name, { ...cell, units: 4 }),
  ]),
);

export const cases: KernelCase[] = [
  ...cellCases,
  scanCase("wide", { units: 1024, batch: 2, steps: 2 }),
  scanCase("tiled", { units: 1024, batch: 5, steps: 2 }),
  scanCase("tiled", { ...cells.lstm, units: 129, batch: 6, steps: 2, share: true }),
  scanCase("tiled", { ...cells["gru, reset before"], units: 131, batch: 6, steps: 3 }),
  scanCase("wide", { ...cells.lstm, units: 257, batch: 2, steps: 2, share: true }),
  scanCase("wide", { ...cells["gru, reset after"], units: 263, batch: 2, steps: 2 }),
  scanCase("wide", { ...cells["gru, reset before"], units: 263, batch: 2, steps: 3 }),
  // More units than lanes, and a recurrent kernel that no lane can keep.
  ...Object.entries(cells).map(([name, cell]) =>
    chunkCase("wide", `${name}, 263 units, masked, sequences, dropout`, {
      ...cell,
      ...masked,
      ...dropped,
      ...{ units: 263, batch: 3, sequences: true },
    }),
  ),
  ...forms.flatMap((form) =>
    Object.entries(cells).map(([name, cell]) => sharingCase(form, name, cell satisfies { cell?: CellKind })),
  ),
];

/** Large narrow scans take seconds to compile: Node's tests alone run them. */
export const slowCases: KernelCase[] = [
  scanCase("narrow", { units: 64 }),
  scanCase("narrow", { ...cells.lstm, units: 17, batch: 2, steps: 3 }),
  scanCase("narrow", { ...cells["gru, reset after"], units: 21, batch: 2, steps: 3 }),
  scanCase("narrow", { ...cells["gru, reset before"], units: 21, batch: 2, steps: 3 }),
];

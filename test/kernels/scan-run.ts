import { gatesFrom, type Cell } from "../../src/kernels/cells/cell";
import { gruCell } from "../../src/kernels/cells/gru";
import { lstmCell } from "../../src/kernels/cells/lstm";
import { simpleRnnCell } from "../../src/kernels/cells/simple-rnn";
import { packChunk, type ScanForm, type ScanPart } from "../../src/kernels/scan";
import { sumsRecurrentGradient } from "../../src/kernels/scan-backward-narrow";
import { scanBackward, scanForward } from "../../src/kernels/scan-forms";
import type { SizedKernel } from "../../src/kernels/shared/frame";
import { narrowSize } from "../../src/kernels/shared/narrow";
import { Arena } from "../../src/runtime/arena";
import type { Device } from "../../src/runtime/device";
import type { KernelDeclaration } from "../../src/runtime/kernel";
import { Program, type Grid } from "../../src/runtime/program";
import type { Tensor } from "../../src/runtime/tensor";
import { partialLength, sumPartials } from "../reference/rows";
import { noStep } from "../../src/kernels/shared/step";
import { download, upload, type Values } from "./harness";
import { stream, type ScanData, type ScanTest } from "./scan-data";

/** Invocations of the narrow backward scan: fewer than the larger batches have samples. */
const lanes = 2 * narrowSize;

/** What the kernels leave behind. */
export interface ScanRun {
  /** h, and as far as the cell has them and they are kept: c, dz (the gates), extra, inputs. */
  readonly forward: Record<string, Float32Array>;
  /** dz, dOrigin, extra; empty where nothing was kept. */
  readonly backward: Record<string, Float32Array>;
  readonly dRecurrentKernel: Float32Array;
  readonly dRecurrentBias: Float32Array;
}

export function cellOf({ cell, activation, recurrentActivation, resetAfter }: ScanTest): Cell {
  switch (cell) {
    case "simpleRNN":
      return simpleRnnCell(activation);
    case "lstm":
      return lstmCell(activation, recurrentActivation);
    case "gru":
      return gruCell(activation, recurrentActivation, resetAfter);
  }
}

interface Steps {
  begin: number;
  end: number;
  last: boolean;
}

interface Dispatch {
  declaration: KernelDeclaration;
  chunk: Uint32Array;
  grid: Grid;
}

/** The dispatches of one scan over the whole batch, as a layer records them. */
function dispatches(
  form: ScanForm,
  test: ScanTest,
  { samples, steps }: { samples: number; steps: number },
  chunks: readonly Steps[],
  keep: boolean,
): Record<"forward" | "backward", Dispatch[]> {
  const { units, source, masked, reverse, recurrentBias, dropout, share, resumes, sequences } = test;
  const options = { units, cell: cellOf(test), source, masked, recurrentBias, dropout, stream };
  // As a layer has it: the tiles of four take no prefix.
  const formOf = (part: ScanPart): ScanForm => (form === "tiled" && part === "prefix" ? "wide" : form);
  const parts: ScanPart[] = share ? ["prefix", "samples"] : ["all"];
  const over = (
    taken: readonly Steps[],
    part: ScanPart,
    declaration: SizedKernel,
    always: (chunk: Steps) => boolean,
  ): Dispatch[] =>
    taken
      .filter((chunk) => chunk.begin === 0 || chunk.begin < steps || always(chunk))
      .map((chunk) => ({
        declaration,
        chunk: packChunk({ ...chunk, part, reverse }),
        grid: part === "prefix" ? [1] : declaration.grid({ ...noStep, samples }),
      }));
  const sums = form === "narrow" && sumsRecurrentGradient(options);
  return {
    forward: parts.flatMap((part) => {
      const scan = { ...options, resumes, keep };
      return over(chunks, part, scanForward(formOf(part), scan), () => false);
    }),
    backward: parts.toReversed().flatMap((part) => {
      const scan = { ...options, sequences };
      const declaration = scanBackward(formOf(part), scan, lanes);
      // The last chunk begins the partial sums, also where no sample reaches into it.
      return over(chunks.toReversed(), part, declaration, ({ last }) => sums && last);
    }),
  };
}

/**
 * Runs a scan forward and, unless nothing is kept, backward.
 *
 * @param cuts steps before which a new chunk begins
 */
export async function runScan(
  device: Device,
  form: ScanForm,
  test: ScanTest,
  data: ScanData,
  { cuts = [], keep = true }: { cuts?: readonly number[]; keep?: boolean } = {},
): Promise<ScanRun> {
  const arena = new Arena(device, "test scan");
  try {
    const tensors = uploadAll(arena, form, test, data);
    const begins = [0, ...cuts];
    const chunks = begins.map((begin, i): Steps => {
      const last = i === cuts.length;
      return { begin, end: last ? Infinity : begins[i + 1], last };
    });
    const { forward, backward } = dispatches(form, test, data.sizes, chunks, keep);
    const run = async (list: Dispatch[], names: readonly string[]): Promise<Record<string, Float32Array>> => {
      const program = new Program<undefined>(device, "scan");
      for (const { declaration, chunk, grid } of list) {
        const all: Record<string, Tensor> = { ...tensors, chunk: upload(arena, "chunk", true, chunk) };
        // The gates lie where dz goes later.
        all.gates = tensors.dz;
        const bound = Object.keys(declaration.bindings).map((name) => [name, all[name]] as const);
        program.dispatch(declaration, Object.fromEntries(bound), () => grid);
      }
      await program.ready();
      program.run(undefined);
      return floats(
        await download(
          device,
          names.map((name) => [name, tensors[name]]),
        ),
      );
    };
    const states = await run(forward, ["h", "c", "dz", "extra", "inputs"]);
    if (!keep) return { forward: states, backward: {}, ...noGradients };
    const results = await run(backward, ["h", "c", "dz", "extra", "dOrigin", "partials"]);
    return {
      forward: states,
      backward: results,
      ...recurrentGradients(form, test, { ...states, ...results }),
    };
  } finally {
    arena.dispose();
  }
}

const noGradients = { dRecurrentKernel: new Float32Array(0), dRecurrentBias: new Float32Array(0) };

const floats = (values: Record<string, Values>): Record<string, Float32Array> =>
  values as Record<string, Float32Array>;

function uploadAll(
  arena: Arena,
  form: ScanForm,
  test: ScanTest,
  { sizes, drawn, placement, upload: uploadPlan }: ScanData,
): Record<string, Tensor> {
  const { units, cell, resumes } = test;
  const { gates, memory } = cellOf(test);
  const float = (name: string, values: number | Float32Array): Tensor => upload(arena, name, false, values);
  const given = (initial: Float32Array): number | Float32Array => {
    if (!resumes) return sizes.rows * units;
    const values = new Float32Array(sizes.rows * units).fill(NaN);
    placement.segments.forEach(({ row }, i) => {
      values.set(initial.subarray(i * units, (i + 1) * units), row * units);
    });
    return values;
  };
  const sums = sumsOf(form, test);
  const { dLast } = drawn;
  /** What comes back from the last states, c's behind h's. */
  const handed = (): Float32Array => {
    const width = memory ? 2 * units : units;
    const values = new Float32Array((dLast.length / units) * width);
    for (let i = 0; i * units < dLast.length; i++) {
      values.set(dLast.subarray(i * units, (i + 1) * units), i * width);
    }
    return values;
  };
  return {
    ...uploadPlan(arena),
    slots: upload(arena, "slots", true, drawn.slots),
    mask: upload(arena, "mask", true, maskRows(test, { sizes, drawn, placement })),
    projected: float("projected", drawn.projected),
    recurrentKernel: float("recurrentKernel", drawn.recurrentKernel),
    bias: float("bias", drawn.bias),
    dLast: float("dLast", test.handed ? dLast.length : dLast),
    dSequence: float("dSequence", drawn.dSequence),
    h: float("h", given(drawn.initialH)),
    c: float("c", memory ? given(drawn.initialC) : 0),
    dz: float("dz", sizes.rows * units * gates),
    extra: float("extra", cell === "gru" ? sizes.rows * units : 0),
    inputs: float("inputs", test.dropout > 0 ? sizes.rows * units : 0),
    dOrigin: float("dOrigin", test.handed ? handed() : sizes.segments * units * (memory ? 2 : 1)),
    partials: float("partials", sums ? sums.chunks * partialLength(sums) : 0),
  };
}

/** 0 in the rows of masked steps, whichever way they are taken. */
function maskRows(
  { masked, steps }: ScanTest,
  { sizes, drawn, placement }: Pick<ScanData, "sizes" | "drawn" | "placement">,
): Uint32Array {
  const mask = new Uint32Array(sizes.rows).fill(1);
  placement.segments.forEach(({ row }, i) => {
    for (let t = 0; t < steps && masked === "rows"; t++)
      mask[row + 1 + t] = Number(drawn.tokens[i * steps + t] !== 0);
  });
  return mask;
}

/** The partial sums of the recurrent kernel's gradient, where the scan makes them. */
function sumsOf(form: ScanForm, test: ScanTest) {
  const { units, dropout, share } = test;
  if (form !== "narrow" || !sumsRecurrentGradient({ units, cell: cellOf(test), dropout })) return undefined;
  return { rows: units, columns: units, useBias: false, chunks: lanes + (share ? 1 : 0) };
}

/** As a layer makes them of what the scans leave behind: over all rows, those before a first step included. */
function recurrentGradients(
  form: ScanForm,
  test: ScanTest,
  buffers: Record<string, Float32Array>,
): Pick<ScanRun, "dRecurrentKernel" | "dRecurrentBias"> {
  const { units, dropout } = test;
  const cell = cellOf(test);
  const columns = units * cell.gates;
  const { h, dz, extra, inputs, partials } = buffers;
  const kernel = new Float64Array(units * columns);
  const bias = new Float64Array(columns);
  for (let gate = 0; gate < cell.gates; gate++) {
    const apart = cell.lastGate !== undefined && gate === cell.gates - 1;
    const takesM = !gatesFrom(cell, "h").includes(gate);
    for (let row = 0; row < h.length / units; row++) {
      const before = takesM ? extra : dropout > 0 ? inputs : h;
      const from = takesM || dropout > 0 ? row : Math.max(row, 1) - 1;
      for (let u = 0; u < units; u++) {
        const column = gate * units + u;
        const d = apart && !takesM ? extra[row * units + u] : dz[row * columns + column];
        bias[column] += d;
        for (let v = 0; v < units; v++) kernel[v * columns + column] += before[from * units + v] * d;
      }
    }
  }
  const sums = sumsOf(form, test);
  return {
    dRecurrentKernel: Float32Array.from(sums ? sumPartials(partials, sums).kernel : kernel),
    dRecurrentBias: Float32Array.from(bias),
  };
}

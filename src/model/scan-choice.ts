import {
  chunkWords,
  narrowFits,
  noOrigin,
  noStep,
  packChunk,
  packStep,
  scanForm,
  scanForward,
  segmentWords,
  stepWords,
  type Cell,
  type ScanForwardOptions,
  type ScanShape,
  type StepValues,
} from "../kernels";
import { Arena, write } from "../runtime/arena";
import type { Device } from "../runtime/device";
import { KernelError } from "../runtime/errors";
import { Program } from "../runtime/program";
import { recurrentOf, type Architecture } from "./architecture";
import { cellOf } from "./cells";
import { checkWhole } from "./checks";
import type { CompileOptions } from "./compile-options";
import type { Compiled } from "./compiled";
import type { RecurrentLayer } from "./layers";
import { soundShape } from "./self-test";

const samples = 64;
const rounds = 3;

/** Milliseconds after which no further round is measured. */
const longEnough = 100;

/**
 * Steps of the measured batch: as many as a review has, for with few of them the narrow shape, which begins by copying
 * the recurrent kernel, may seem the slower one; fewer of wide layers, so that a software adapter measures for a second
 * at most.
 */
const stepsFor = (units: number, gates: number): number =>
  Math.min(256, Math.max(4, Math.floor((256 * 64 * 64) / (units * units * gates))));

/** Milliseconds within which a GPU does the measured batch in the wide shape: about 20 µs for each of 256 steps. */
const fastEnough = 6;

/**
 * Milliseconds that one dispatch of the time loop may take: an operating system kills one after some two
 * seconds, and a page shares the GPU with it. Software adapters have no such guard. The backward pass takes
 * about three times the forward one.
 */
const mostPerDispatch = { gpu: 100, software: 500 };
const backwardFactor = 3;

/** A batch of fewer samples takes as long as one of these. */
const leastSamples = 16;

/** A chunk of fewer steps would cost more in dispatches than it is worth. */
const leastSteps = 256;

/** Multiplications per millisecond where nothing was measured: what a processor without a GPU does. */
const assumedRate = 2e6;

/** What a model's scans are compiled for on a device: as `before` where that was on the same adapter. */
export async function scanOn(
  device: Device,
  architecture: Architecture,
  options: CompileOptions,
  before: Compiled | undefined,
): Promise<Pick<Compiled, "shape" | "chunkSteps">> {
  const same = before?.device.description === device.description;
  const { shape, chunkSteps } = same ? before : await chooseScan(device, architecture, options);
  return {
    shape: options.selfTest === false ? shape : await soundShape(device, architecture, shape),
    chunkSteps,
  };
}

/**
 * Which shape of the scan is faster on this device for the widest recurrent layer, and how many steps one
 * dispatch may take: measured once, then remembered. The narrow shape serves adapters on which a barrier is
 * dear, the wide one those with many lanes.
 */
export async function chooseScan(
  device: Device,
  { layers }: Architecture,
  wanted: { scan?: ScanShape; chunkSteps?: number },
): Promise<Pick<Compiled, "shape" | "chunkSteps">> {
  const recurrent = layers.flatMap(({ config }) => recurrentOf(config) ?? []);
  const widest = recurrent.toSorted((a, b) => products(b) - products(a)).at(0);
  if (wanted.chunkSteps !== undefined) checkWhole("compile", "chunkSteps", wanted.chunkSteps, 1);
  const { shape, perToken } = await measured(device, widest, wanted.scan);
  const most = device.software ? mostPerDispatch.software : mostPerDispatch.gpu;
  const chunkSteps = (batch: number): number =>
    wanted.chunkSteps ??
    Math.max(leastSteps, Math.floor(most / (backwardFactor * Math.max(batch, leastSamples) * perToken)));
  return { shape, chunkSteps };
}

/** Multiplications of a step. */
const products = (layer: RecurrentLayer): number => layer.units * layer.units * cellOf(layer).gates;

/** The shape, and the milliseconds of one step of one sample. */
async function measured(
  device: Device,
  layer: RecurrentLayer | undefined,
  wanted: ScanShape | undefined,
): Promise<{ shape: ScanShape; perToken: number }> {
  if (!layer) return { shape: wanted ?? "wide", perToken: 0 };
  const cell = cellOf(layer);
  const { units } = layer;
  const assumed = products(layer) / assumedRate;
  if (wanted) return { shape: wanted, perToken: assumed };
  return device.cached(`scan shape for ${cell.name} of ${units} units`, async () => {
    const steps = stepsFor(units, cell.gates);
    const perToken = (time: number): number => time / (samples * steps);
    const wide = await timeOf(device, units, cell, "wide");
    // The narrow shape's long unrolled text takes some drivers seconds to compile: not where it cannot win. Nor its tiles,
    // whose states are more than WGSL promises an invocation (8 KiB): software adapters have the room.
    if (!device.software && (wide < fastEnough || !narrowFits(units, cell.gates)))
      return { shape: "wide", perToken: perToken(wide) };
    const narrow = await timeOf(device, units, cell, "narrow").catch(neverWhereRefused);
    return { shape: narrow < wide ? "narrow" : "wide", perToken: perToken(Math.min(narrow, wide)) };
  });
}

/** What a driver cannot compile is never the faster one. */
function neverWhereRefused(error: unknown): number {
  if (error instanceof KernelError) return Infinity;
  throw error;
}

/** Milliseconds of a forward scan over a small batch, the least of a few rounds. */
async function timeOf(device: Device, units: number, cell: Cell, shape: ScanShape): Promise<number> {
  const arena = new Arena(device, "scan choice");
  const steps = stepsFor(units, cell.gates);
  const form = scanForm(shape, units, cell.gates, "all");
  try {
    const options: ScanForwardOptions = {
      units,
      cell,
      source: "rows",
      masked: false,
      recurrentBias: false,
      dropout: 0,
      stream: 0,
      resumes: false,
      keep: false,
    };
    const rows = samples * (steps + 1);
    const columns = units * cell.gates;
    const tensors = {
      step: arena.tensor("step", [stepWords], "u32"),
      chunk: arena.tensor("chunk", [chunkWords], "u32"),
      segments: arena.tensor("segments", [samples, segmentWords], "u32"),
      projected: arena.tensor("projected", [rows, columns]),
      recurrentKernel: arena.tensor("recurrentKernel", [units, columns]),
      h: arena.tensor("h", [rows, units]),
      ...(cell.memory ? { c: arena.tensor("c", [rows, units]) } : {}),
    };
    const sizes: StepValues = { ...noStep, samples, segments: samples, rows, steps, outputs: samples };
    const step = new Uint32Array(stepWords);
    packStep(sizes, step);
    write(device, tensors.step, step);
    write(
      device,
      tensors.chunk,
      packChunk({ begin: 0, end: steps, last: true, part: "all", reverse: false }),
    );
    const segments = Array.from({ length: samples }, (_, i) => [i * (steps + 1), steps, 0, noOrigin]);
    write(device, tensors.segments, Uint32Array.from(segments.flat()));
    const kernel = scanForward(form, options);
    const program = new Program<StepValues>(device, `scan ${shape}`).dispatch(kernel, tensors, kernel.grid);
    await program.ready();
    let least = Infinity;
    for (let round = 0; round <= rounds && !(least >= longEnough && round > 1); round++) {
      const begin = performance.now();
      program.run(sizes);
      await device.idle();
      // The first round may still be compiling.
      if (round > 0) least = Math.min(least, performance.now() - begin);
    }
    return least;
  } finally {
    arena.dispose();
  }
}

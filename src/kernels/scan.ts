import { reads, uniform } from "../runtime/kernel";
import type { Cell } from "./cells/cell";
import { kernel, workgroupsFor, type KernelParts, type SizedKernel } from "./shared/frame";
import { maskedStep, type Masked } from "./shared/mask";
import { maxOwnMatrix, narrowSize } from "./shared/narrow";
import { keptFunction } from "./shared/random";
import { tiledSamples } from "./shared/tiled";

/** How the work of a scan is laid out: an invocation per sample, or a workgroup per sample. */
export type ScanShape = "narrow" | "wide";

/** What a scan runs over. */
export interface ScanOptions {
  /** Units U. */
  units: number;
  cell: Cell;
  /**
   * Where the projected input x·kernel + bias of a step lies: `tokens`, in the row that the batch's
   * vocabulary gives to the step's token; `rows`, in the state row of the step itself.
   */
  source: "tokens" | "rows";
  /** Which steps leave the state as it is. */
  masked: Masked;
  /** A bias of its own is added to the recurrent product (GRU, reset after it). */
  recurrentBias: boolean;
  /** Share of the state's units that a sample does not pass on to its recurrent product (`recurrentDropout`). */
  dropout: number;
  /** Tells the layer's random numbers from those of others. */
  stream: number;
}

/** A forward scan also says where it begins, and whether a backward scan will follow. */
export interface ScanForwardOptions extends ScanOptions {
  /** The states before the first step lie in their rows already (`stateful`). */
  resumes: boolean;
  /** Store what the backward scan needs. */
  keep: boolean;
}

/** A backward scan also says whether every state has a derivative of its own, or only the last one. */
export interface ScanBackwardOptions extends ScanOptions {
  sequences: boolean;
}

/** Whether the narrow shape takes a layer as unrolled text, and not in tiles. */
export const narrowFits = (units: number, gates: number): boolean => units * units * gates <= maxOwnMatrix;

/** Which segments a dispatch takes: the shared padding prefix alone, the samples after it, or all. */
export type ScanPart = "prefix" | "samples" | "all";

/**
 * The steps [begin, end) of the segments that one dispatch takes: long loops are cut into chunks, which hand
 * the states over through their rows and their derivatives through `dOrigin`. All that differs from dispatch to
 * dispatch of one layer lies here, so that one pipeline serves them all: the text of a scan is long to compile.
 */
const chunkStruct = /* wgsl */ `struct Chunk {
  begin: u32,
  end: u32,
  // 1 where no later chunk follows.
  last: u32,
  // 1 where the shared padding prefix is taken alone: segment 0.
  prefix: u32,
  // Number of the first segment taken.
  first: u32,
  // 1 where the input is read from its end (goBackwards).
  reverse: u32,
}

fn segmentsEnd() -> u32 {
  return select(step.segments, 1u, chunk.prefix == 1u);
}`;

/** What `Chunk` tells. */
export interface Chunk {
  begin: number;
  /** Infinity: the end of every segment. */
  end: number;
  last: boolean;
  part: ScanPart;
  reverse: boolean;
}

/** Length of the packed struct in 32-bit words. */
export const chunkWords = 6;

/** Packs the values as WGSL lays the struct out. */
export function packChunk({ begin, end, last, part, reverse }: Chunk): Uint32Array<ArrayBuffer> {
  const flags = [last, part === "prefix", part === "samples", reverse].map(Number);
  return Uint32Array.of(begin, Math.min(end, 0xffff_ffff), ...flags);
}

const inputStep = "select(t, segment.steps - 1u - t, chunk.reverse == 1u)";

/**
 * WGSL: function `sourceRow(segment, t)`, the row of `projected` that step t takes (t from 0): `rowOf` what `inputOf`
 * names, the step's token or the row itself.
 */
export function sourceRowFunction({ source }: ScanOptions): string {
  const tokens = source === "tokens";
  return /* wgsl */ `
fn inputOf(segment: Segment, t: u32) -> u32 {
  return ${tokens ? `tokens[segment.tokens + ${inputStep}]` : `segment.row + 1u + ${inputStep}`};
}
fn rowOf(input: u32) -> u32 {
  return ${tokens ? "slots[input]" : "input"};
}
fn sourceRow(segment: Segment, t: u32) -> u32 {
  return rowOf(inputOf(segment, t));
}`;
}

/** WGSL: function `skipped(segment, t)`, whether step t (from 0) is masked. */
function skippedFunction({ masked }: ScanOptions): string {
  return /* wgsl */ `
fn skipped(segment: Segment, t: u32) -> bool {
  return ${maskedStep(masked, inputStep)};
}`;
}

/** WGSL: function `biasAt(i)`, an element of the two biases, where the second is added to the recurrent product. */
export function biasFunction({ recurrentBias }: ScanOptions): string {
  return recurrentBias ? "fn biasAt(i: u32) -> f32 { return bias[i / 4u][i % 4u]; }" : "";
}

/** The narrow shape has two forms: all products as unrolled text, or in tiles where there are more units. */
export type ScanForm = ScanShape | "tiled";

/** Samples that a workgroup takes. */
const samplesOfWorkgroup: Record<ScanForm, number> = {
  narrow: narrowSize,
  tiled: narrowSize * tiledSamples,
  wide: 1,
};

/** What all scans have, around what makes one of them. The grid is that of a batch's samples. */
export function scanKernel(
  form: ScanForm,
  options: ScanOptions,
  { constants, bindings, declarations = [], ...parts }: Omit<KernelParts, "grid">,
): SizedKernel {
  const { units, cell, source, masked, recurrentBias, dropout } = options;
  return kernel({
    ...parts,
    constants: {
      shape: form === "wide" ? form : "narrow",
      ...(form === "tiled" ? { tiled: true } : {}),
      units,
      cell: cell.name,
      source,
      masked,
      recurrentBias,
      dropout,
      // The dispatches of other layers without dropout are the same.
      stream: dropout > 0 ? options.stream : 0,
      ...constants,
    },
    bindings: { chunk: uniform("Chunk"), recurrentKernel: reads(), ...bindings },
    grid: ({ samples }) => workgroupsFor(samples, samplesOfWorkgroup[form]),
    declarations: [
      chunkStruct,
      cell.functions,
      skippedFunction(options),
      dropout > 0 ? keptFunction(dropout) : "",
      ...declarations,
    ],
  });
}

/** Lanes of a wide scan's workgroup: one per unit, as far as the default limits go. */
export function wideLanes(units: number): number {
  return Math.min(256, Math.max(32, 2 ** Math.ceil(Math.log2(units))));
}

/** Whether a lane of the wide scan can hold its share of the recurrent kernel in registers. */
export function kernelInRegisters(units: number, gates: number): boolean {
  return units * gates <= 128;
}

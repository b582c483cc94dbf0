import type { Binding, KernelDeclaration } from "../runtime/kernel";
import { reads } from "../runtime/kernel";
import type { Cell } from "./cells/cell";

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
  /** Steps whose token is 0 leave the state as it is (`maskZero`). */
  masked: boolean;
  /** Read the input from its end (`goBackwards`). */
  reverse: boolean;
  /** Which segments: the shared padding prefix alone, the samples after it, or all where none is shared. */
  part: "prefix" | "samples" | "all";
}

/** Number of the first segment of a part. */
export const firstSegment = (part: ScanOptions["part"]): number => (part === "samples" ? 1 : 0);

/** A row of unrolled text for each unit grows with U²; beyond this the narrow shape is not offered. */
export const maxNarrowUnits = 64;

/** A backward scan also says whether every state has a derivative of its own, or only the last one. */
export interface ScanBackwardOptions extends ScanOptions {
  sequences: boolean;
}

/** Bindings through which a scan finds a step's input. */
export function sourceBindings({ source }: ScanOptions): Record<string, Binding> {
  return source === "tokens" ? { tokens: reads("array<u32>"), slots: reads("array<u32>") } : {};
}

const inputStep = (reverse: boolean): string => (reverse ? "(segment.steps - 1u - t)" : "t");

/** WGSL: function `sourceRow(segment, t)`, the row of `projected` that step t takes (t from 0). */
export function sourceRowFunction({ source, reverse }: ScanOptions): string {
  const step = inputStep(reverse);
  return /* wgsl */ `
fn sourceRow(segment: Segment, t: u32) -> u32 {
  return ${source === "tokens" ? `slots[tokens[segment.tokens + ${step}]]` : `segment.row + 1u + ${step}`};
}`;
}

/** WGSL: function `skipped(segment, t)`, whether step t (from 0) is masked. */
export function skippedFunction({ reverse, masked }: ScanOptions): string {
  return /* wgsl */ `
fn skipped(segment: Segment, t: u32) -> bool {
  return ${masked ? `tokens[segment.tokens + ${inputStep(reverse)}] == 0u` : "false"};
}`;
}

/** Constants that tell one variant of a scan from another. */
export function scanConstants(options: ScanOptions, shape: ScanShape): KernelDeclaration["constants"] {
  const { units, cell, source, masked, reverse, part } = options;
  return { shape, units, cell: cell.name, source, masked, reverse, part };
}

/** Lanes of a wide scan's workgroup: one per unit, as far as the default limits go. */
export function wideLanes(units: number): number {
  return Math.min(256, Math.max(32, 2 ** Math.ceil(Math.log2(units))));
}

/** Whether a lane of the wide scan can hold its share of the recurrent kernel in registers. */
export function kernelInRegisters(units: number, gates: number): boolean {
  return units * gates <= 128;
}

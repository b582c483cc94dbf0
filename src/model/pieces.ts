import type { StepValues } from "../kernels";
import type { Program } from "../runtime/program";
import { longestFirst } from "./batch-plan";
import type { TokenData } from "./token-data";
import type { Workspace } from "./workspace";

/** What is taken of a batch at a time: all of it, or some of its samples. */
export interface Piece {
  /** Numbers of its data rows. */
  rows: Uint32Array;
  /** Samples of the batch before these. */
  before: number;
  /** What is run on it. */
  program: Program<StepValues>;
  /** Whether it only counts the outputs that have a part in the loss. */
  counts?: boolean;
}

/** Cuts a batch into the pieces for which a workspace has room, in the order in which they are taken. */
export function piecesOf(
  workspace: Workspace,
  data: TokenData,
  batch: Uint32Array,
  trains: boolean,
): Piece[] {
  const { capacity, divides, programs } = workspace;
  const { last, part, count } = (trains ? programs.train : programs.evaluate)!;
  // Cut as the whole batch would lie on the device: so the parts can draw its random numbers.
  const sorted = divides ? longestFirst(data, batch) : batch;
  const pieces: Piece[] = [];
  for (let before = 0; before < sorted.length; before += capacity.samples) {
    const rows = sorted.subarray(before, before + capacity.samples);
    pieces.push({ rows, before, program: part });
  }
  pieces.at(-1)!.program = last;
  return count ? [...pieces.map((piece) => ({ ...piece, program: count, counts: true })), ...pieces] : pieces;
}

import type { StepValues } from "../kernels";
import type { Program } from "../runtime/program";
import { longestFirst } from "./batch-plan";
import type { TokenData } from "./token-data";
import { allSteps, cutRow, type Window } from "./windows";
import type { Workspace } from "./workspace";

/** What is taken of a batch at a time: all of it, some of its samples, or a window of the steps of one. */
export interface Piece {
  /** Numbers of its data rows. */
  rows: Uint32Array;
  /** Samples of the batch before these. */
  before: number;
  window: Window;
  /** What is run on it. */
  program: Program<StepValues>;
}

/**
 * Cuts a batch into the pieces for which a workspace has room, in the order in which they are taken.
 *
 * Training takes the windows of a sample twice: forward in time, to keep the states between them, and then backward,
 * where each computes its own states anew and hands the derivative by those before it to the window before. So the
 * gradient is that of all steps, in memory for the steps of a window.
 *
 * @see Gruslys et al. 2016, "Memory-Efficient Backpropagation Through Time"; Chen et al. 2016, "Training Deep Nets with
 * Sublinear Memory Cost"
 */
export function piecesOf(
  workspace: Workspace,
  data: TokenData,
  batch: Uint32Array,
  trains: boolean,
): Piece[] {
  const { capacity, divides } = workspace;
  const last = (trains ? workspace.train : workspace.evaluate)!;
  const part = (trains ? workspace.trainPart : workspace.evaluatePart) ?? last;
  // Cut as the whole batch would lie on the device: so the parts can draw its random numbers.
  const sorted = divides ? longestFirst(data, batch) : batch;
  const pieces: Piece[] = [];
  for (let before = 0; before < sorted.length; before += capacity.samples) {
    const rows = sorted.subarray(before, before + capacity.samples);
    const windows = capacity.windows > 0 ? cutRow(data, rows[0], capacity) : [allSteps];
    const add = (program: Program<StepValues>, taken: readonly Window[]): void => {
      for (const window of taken) pieces.push({ rows, before, window, program });
    };
    if (trains) add(workspace.advance!, windows.slice(0, -1));
    add(part, trains ? windows.reverse() : windows);
  }
  pieces.at(-1)!.program = last;
  return pieces;
}

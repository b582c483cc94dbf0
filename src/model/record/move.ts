import { moveRows, moveWords, packMove, type Move } from "../../kernels";
import { write } from "../../runtime/arena";
import type { Tensor } from "../../runtime/tensor";
import { dispatch, type Recorder, type Recording } from "./recorder";

/** Moves rows of `width` values from one tensor to another, or adds them to what is there. */
export function recordMove(
  recorder: Recorder,
  move: Move,
  tensors: { x: Tensor; out: Tensor },
  width: number,
  add = false,
): Recording {
  const { arena } = recorder;
  const rows = arena.tensor("rows", [moveWords], "u32");
  write(arena.device, rows, packMove(move));
  return (program) => {
    dispatch(recorder, program, moveRows(width, add, move.count), { ...tensors, rows });
  };
}

import { moveRows, moveWords, packMove, type Move } from "../../kernels";
import { write } from "../../runtime/arena";
import type { Tensor } from "../../runtime/tensor";
import { dispatch, type Recorder } from "./recorder";

/**
 * Records that rows of `width` values move from one tensor to another.
 *
 * @param add them to what is there
 */
export function recordMove(
  recorder: Recorder,
  move: Move,
  tensors: { x: Tensor; out: Tensor },
  width: number,
  pass: "forward" | "backward" = "forward",
  add = false,
): void {
  const { arena } = recorder;
  const rows = arena.tensor("rows", [moveWords], "u32");
  write(arena.device, rows, packMove(move));
  recorder[pass].push((program) => {
    dispatch(recorder, program, moveRows(width, add, move.count), { ...tensors, rows });
  });
}

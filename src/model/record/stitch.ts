import { noOrigin, noStep, packStep, segmentWords, stepWords, type WindowOptions } from "../../kernels";
import { write } from "../../runtime/arena";
import type { Conv1dConfig } from "../layers";
import type { WeightTensors } from "../parameters";
import { cutWindows, type Window } from "../windows";
import { recordMove } from "./move";
import { newFlow, withSizes, type Recorder, type RowFlow } from "./recorder";
import { allWrittenOut, overWindows, type Between } from "./windows";

/** What a layer with sliding windows takes, and how far its first one begins in front of that. */
export interface Stitched {
  recorder: Recorder;
  flow: RowFlow<"rows">;
  padding: WindowOptions["padding"];
}

/**
 * Puts together what a layer whose windows slide over the steps takes for each window of time behind it: those windows
 * reach over the ends of the windows of time before it. Samples that are taken whole stay as they are.
 *
 * @param record the layer: in the stage before it, and in the one that it opens
 */
export function overStitched<Result>(
  between: Between,
  behind: readonly Recorder[],
  { strides, size, padding }: WindowOptions & { padding: Conv1dConfig["padding"] },
  gradients: WeightTensors | undefined,
  record: (stitched: Stitched, behind: Recorder, i: number) => Result,
): Result[] {
  const { recorders } = between;
  const rows = allWrittenOut(between);
  if (rows.length === 1) return [record({ recorder: recorders[0], flow: rows[0], padding }, behind[0], 0)];
  const [steps, over] = [recorders[0], behind[0]].map(({ layout, stage }) => layout.stages[stage]);
  const same = Math.max(0, (over - 1) * strides + size - steps) >> 1;
  const front = { valid: 0, same, causal: size - 1 }[padding];
  const cut = cutWindows(steps, recorders.length);
  const cutBehind = cutWindows(over, recorders.length);
  const results = overWindows(behind, gradients, (one, i) => {
    const { first, steps: own } = cutBehind[i];
    // Steps of the sample that these windows hold.
    const begin = Math.min(steps, Math.max(0, first * strides - front));
    const end = Math.max(begin, Math.min(steps, (first + own - 1) * strides - front + size));
    const recorder = ofSteps(recorders[i], end - begin);
    const { width, gradient } = rows[i];
    const flow = newFlow(recorder, "stitched", "rows", width, gradient);
    cut.forEach((window, k) => {
      recordOverlap({ recorder, flow, begin, end }, window, rows[k]);
    });
    return record({ recorder, flow, padding: Math.max(0, front - first * strides) }, one, i);
  });
  recorders[0].backward.push((program) => {
    for (const { gradient } of rows) if (gradient) program.clear(gradient);
  });
  return results;
}

/** Records how steps [begin, end) get what they share with a window, and how it gets their derivatives. */
function recordOverlap(
  { recorder, flow, begin, end }: { recorder: Recorder; flow: RowFlow<"rows">; begin: number; end: number },
  window: Window,
  rows: RowFlow<"rows">,
): void {
  const first = Math.max(begin, window.first);
  const count = Math.min(end, window.first + window.steps) - first;
  if (count <= 0) return;
  // Of one sample, behind the row before the first step.
  const there = { first: 1 + first - window.first, apart: 0 };
  const here = { first: 1 + first - begin, apart: 0 };
  const { width, values: out, gradient: x } = flow;
  recordMove(recorder, { from: there, to: here, count }, { x: rows.values, out }, width);
  if (!x) return;
  const back = { x, out: rows.gradient! };
  recordMove(recorder, { from: here, to: there, count }, back, width, "backward", true);
}

/** The recorder of a sample of other steps than its window has: with these, and all in one segment. */
function ofSteps(recorder: Recorder, steps: number): Recorder {
  const { arena, capacity, plan } = recorder;
  const rows = steps + 1;
  const step = arena.tensor("step", [stepWords], "u32");
  const words = new Uint32Array(stepWords);
  packStep({ ...noStep, samples: 1, segments: 1, steps, rows }, words);
  write(arena.device, step, words);
  const segments = arena.tensor("segments", [1, segmentWords], "u32");
  write(arena.device, segments, Uint32Array.of(0, steps, 0, noOrigin));
  const own = withSizes(recorder, (sizes) => ({ ...sizes, steps, rows }));
  return { ...own, capacity: { ...capacity, rows }, plan: { ...plan, step, segments } };
}

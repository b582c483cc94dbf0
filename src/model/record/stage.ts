import { noOrigin, segmentWords } from "../../kernels";
import { write } from "../../runtime/arena";
import { stageSizes, stageStep } from "../batch-plan";
import { cutWindows } from "../windows";
import { withSizes, type Recorder } from "./recorder";

/**
 * A recorder for the layers behind one that changes the number of steps. All samples of such a net have
 * equally many steps, so where their segments lie never changes; how many there are the plan says.
 */
export function nextStage(recorder: Recorder): Recorder {
  const { arena, capacity, plan, layout, window } = recorder;
  const { samples, windows } = capacity;
  const stage = recorder.stage + 1;
  const { steps } = cutWindows(layout.stages[stage], windows)[window];
  const segments = arena.tensor(`segments ${stage}`, [samples, segmentWords], "u32");
  const rowOf = (sample: number): number => sample * (steps + 1);
  const table = Array.from({ length: samples }, (_, i) => [rowOf(i), steps, 0, noOrigin]);
  write(arena.device, segments, Uint32Array.from(table.flat()));
  return {
    ...withSizes(recorder, (sizes) => stageSizes(sizes, steps)),
    stage,
    plan: { ...plan, step: plan[stageStep(stage)], segments },
    capacity: { ...capacity, rows: rowOf(samples) },
  };
}

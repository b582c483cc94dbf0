import { noOrigin, segmentWords } from "../../kernels";
import { write } from "../../runtime/arena";
import { stageSizes, stageStep } from "../batch-plan";
import type { Recorder, Recording } from "./recorder";

/**
 * A recorder for the layers behind one that changes the number of steps. All samples of such a net have
 * equally many steps, so where their segments lie never changes; how many there are the plan says.
 */
export function nextStage(recorder: Recorder): Recorder {
  const { arena, capacity, plan, layout } = recorder;
  const { samples } = capacity;
  const stage = recorder.stage + 1;
  const steps = layout.stages[stage];
  const segments = arena.tensor(`segments ${stage}`, [samples, segmentWords], "u32");
  const rowOf = (sample: number): number => sample * (steps + 1);
  const table = Array.from({ length: samples }, (_, i) => [rowOf(i), steps, 0, noOrigin]);
  write(arena.device, segments, Uint32Array.from(table.flat()));
  const inStage =
    (record: Recording): Recording =>
    (program, training) => {
      program.within(
        (sizes) => stageSizes(sizes, steps),
        () => {
          record(program, training);
        },
      );
    };
  return {
    ...recorder,
    stage,
    inStage,
    plan: { ...plan, step: plan[stageStep(stage)], segments },
    capacity: { ...capacity, rows: rowOf(samples) },
    forward: { push: (record) => recorder.forward.push(inStage(record)) },
    backward: { push: (record) => recorder.backward.push(inStage(record)) },
  };
}

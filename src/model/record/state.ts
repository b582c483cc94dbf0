import { carryState, type StepValues } from "../../kernels";
import type { Program } from "../../runtime/program";
import { dispatch, firstSample } from "./recorder";
import type { Recurrence } from "./recurrence";

/**
 * Memory for the last states of a layer that carries them to the next batch or window, zero at first, or returns them;
 * the recorder knows what goes to the next batch so that it can be reset, and read.
 *
 * @param carries whether the next batch or window goes on from them
 * @returns records what is done with them: `save` after the layer's scan, else before
 */
export function keptStates(
  { recorder, config, options, tensors }: Recurrence,
  carries: boolean,
): (program: Program<StepValues>, save: boolean) => void {
  const { units, cell } = options;
  const { memory } = cell;
  const { arena, capacity, layout } = recorder;
  const width = memory ? 2 * units : units;
  const carried = arena.tensor("kept states", [capacity.samples + capacity.windows, width]);
  if (carries && capacity.windows === 0) recorder.carried.push(carried);
  if (config.returnState) recorder.returned.push(carried);
  const first = firstSample(layout);
  return (program, save) => {
    dispatch(recorder, program, carryState({ units, memory, save, first }), { ...tensors, carried });
  };
}

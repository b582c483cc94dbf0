import { carryState, replaceStates, type StepValues } from "../../kernels";
import type { Program } from "../../runtime/program";
import type { Tensor } from "../../runtime/tensor";
import { cellOf } from "../cells";
import type { RecurrentLayer } from "../layers";
import { dispatch, firstSample, type Recorder } from "./recorder";
import type { LoopWindow, Recurrence } from "./recurrence";

/**
 * Memory for the states of a time loop before its first step and after its last, and between the windows of a sample.
 * Where a batch is taken in parts, what they leave is put in the place of what the batch began with once all are done.
 *
 * @returns the loop's windows, in the order of its steps
 */
export function loopWindows(
  recorders: readonly Recorder[],
  config: RecurrentLayer,
  training: boolean,
): LoopWindow[] {
  const [recorder] = recorders;
  const { arena, capacity, divides, layout, samples: rows } = recorder;
  const { stateful, returnState } = config;
  const width = cellOf(config).memory ? 2 * config.units : config.units;
  const tensor = (label: string): Tensor => arena.tensor(label, [rows, width]);
  const carries = stateful || layout.carriesState === true;
  const begin = carries ? tensor("carried states") : undefined;
  const left = returnState || (carries && divides) ? tensor("last states") : begin;
  if (begin) recorder.carried.push(begin);
  if (begin && left && begin !== left) {
    recorder.ends.push((program) => {
      dispatch(recorder, program, replaceStates(width, rows), { left, carried: begin });
    });
  }
  if (returnState) recorder.returned.push(left!);
  const dOrigin = training ? arena.tensor("dOrigin", [capacity.samples + 1, width]) : undefined;
  const last = recorders.length - 1;
  const between = last > 0 ? tensor("states between windows") : undefined;
  return recorders.map(({ plan }, i) => ({
    step: plan.step,
    begin: i === 0 ? begin : between,
    end: i === last ? left : between,
    carries: carries || i < last,
    dOrigin,
  }));
}

/** Records that the states which a scan begins with are put before its first step, or those after its last are kept. */
export function recordStates(
  { recorder, options, tensors, window }: Recurrence,
  program: Program<StepValues>,
  save: boolean,
): void {
  const carried = save ? window.end : window.begin;
  if (!carried) return;
  const { units, cell } = options;
  const kernel = carryState({ units, memory: cell.memory, save, first: firstSample(recorder.layout) });
  dispatch(recorder, program, kernel, { ...tensors, carried, step: window.step });
}

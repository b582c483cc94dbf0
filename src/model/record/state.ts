import { carryState, carryStateSize } from "../../kernels/carry-state";
import type { Recording } from "./recorder";
import { elementGrid } from "./recorder";
import type { Recurrence } from "./recurrence";

/** What a stateful layer does before and after its scan. */
export interface CarriedState {
  restore: (program: Parameters<Recording>[0]) => void;
  save: (program: Parameters<Recording>[0]) => void;
}

/** The states of a stateful layer, zero at first; the recorder knows them so that they can be reset. */
export function carriedState({ recorder, options, h, c }: Recurrence): CarriedState {
  const { units, cell } = options;
  const { arena, capacity, plan } = recorder;
  const carried = arena.tensor("carried", [capacity.samples, cell.memory ? 2 * units : units]);
  recorder.carried.push(carried);
  const record =
    (save: boolean): CarriedState["save"] =>
    (program) => {
      program.dispatch(
        carryState(units, cell.memory, save),
        { step: plan.step, segments: plan.segments, h, ...(c ? { c } : {}), carried },
        elementGrid((sizes) => sizes.samples, units, carryStateSize),
      );
    };
  return { restore: record(false), save: record(true) };
}

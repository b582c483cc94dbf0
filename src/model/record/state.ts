import { carryState } from "../../kernels";
import type { Tensor } from "../../runtime/tensor";
import type { Recording } from "./recorder";
import { dispatch, firstSample } from "./recorder";
import type { Recurrence } from "./recurrence";

/** What a layer does before and after its scan with states that outlive a batch. */
export interface KeptState {
  restore: (program: Parameters<Recording>[0]) => void;
  save: (program: Parameters<Recording>[0]) => void;
}

/** The states of a stateful layer, zero at first; the recorder knows them so that they can be reset. */
export function carriedState(recurrence: Recurrence): KeptState {
  const { recorder, config } = recurrence;
  const carried = keptTensor(recurrence, "carried");
  recorder.carried.push(carried);
  if (config.returnState) recorder.returned.push(carried);
  return keptState(recurrence, carried);
}

/** The last states of a layer that does not carry them; the recorder knows them so that they can be read. */
export function returnedState(recurrence: Recurrence): Pick<KeptState, "save"> {
  const returned = keptTensor(recurrence, "returned");
  recurrence.recorder.returned.push(returned);
  return keptState(recurrence, returned);
}

function keptTensor({ recorder, options: { units, cell } }: Recurrence, label: string): Tensor {
  return recorder.arena.tensor(label, [recorder.capacity.samples, cell.memory ? 2 * units : units]);
}

function keptState({ recorder, options, tensors }: Recurrence, carried: Tensor): KeptState {
  const { units, cell } = options;
  const first = firstSample(recorder.layout);
  const record =
    (save: boolean): KeptState["save"] =>
    (program) => {
      dispatch(recorder, program, carryState({ units, memory: cell.memory, save, first }), {
        ...tensors,
        carried,
      });
    };
  return { restore: record(false), save: record(true) };
}

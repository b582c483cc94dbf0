import { read } from "../runtime/arena";
import type { Device } from "../runtime/device";
import type { Window } from "./windows";
import type { Workspace } from "./workspace";

/** Batches whose outputs may be on their way back: enough to keep the GPU busy while they are. */
const mostOnTheWay = 4;

/**
 * Takes the outputs of a batch from step `first` on, the data rows that they belong to, and the states that layers return:
 * none of a window of time that others follow.
 */
export type OnOutputs = (
  outputs: Float32Array,
  sorted: Uint32Array,
  states: readonly Float32Array[],
  first: number,
) => void;

/** Reads the outputs of one batch after the other; the next ones do not wait for them. */
export interface OutputReader {
  /** Begins to read those of the batch that was submitted last; waits where too many are on their way. */
  add: (outputs: number, samples: number, window: Window) => Promise<void>;
  /** Waits for the rest. */
  end: () => Promise<void>;
}

export function outputReader(device: Device, workspace: Workspace, onOutputs: OnOutputs): OutputReader {
  const onTheWay: Promise<void>[] = [];
  return {
    async add(count, samples, { first, windows }) {
      const { outputs, returned, planner } = workspace;
      const made = outputs.view("outputs", [count, outputs.shape[1]]);
      const rows = planner.sorted.slice(0, samples);
      const arrived = read(device, windows > 1 ? [made] : [made, ...returned]).then(([values, ...states]) => {
        onOutputs(values, rows, states, first);
      });
      // Whoever waits for it gets the error there.
      arrived.catch(() => undefined);
      onTheWay.push(arrived);
      if (onTheWay.length >= mostOnTheWay) await onTheWay.shift();
    },
    async end() {
      while (onTheWay.length > 0) await onTheWay.shift();
    },
  };
}

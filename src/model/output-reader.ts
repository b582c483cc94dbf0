import type { StepValues } from "../kernels";
import { read } from "../runtime/arena";
import type { Device } from "../runtime/device";
import type { Workspace } from "./workspace";

/** Batches whose outputs may be on their way back: enough to keep the GPU busy while they are. */
const mostOnTheWay = 4;

/**
 * Takes the outputs of a batch, of a sample in windows of time those of each window, the data rows that they belong to, and
 * the states that layers return.
 */
export type OnOutputs = (
  outputs: readonly Float32Array[],
  sorted: Uint32Array,
  states: readonly Float32Array[],
) => void;

/** Reads the outputs of one batch after the other; the next ones do not wait for them. */
export interface OutputReader {
  /** Begins to read those of the batch that was submitted last; waits where too many are on their way. */
  add: (sizes: StepValues, samples: number) => Promise<void>;
  /** Waits for the rest. */
  end: () => Promise<void>;
}

export function outputReader(device: Device, workspace: Workspace, onOutputs: OnOutputs): OutputReader {
  const onTheWay: Promise<void>[] = [];
  const { returned, planner } = workspace;
  const { outputs } = workspace.programs;
  const columns = outputs[0].shape[1];
  return {
    async add(sizes, samples) {
      const { inWindows = [sizes] } = sizes;
      const made = outputs.map((tensor, i) => tensor.view("outputs", [inWindows[i].outputs, columns]));
      const states = returned.map((tensor) => {
        const width = tensor.shape[1];
        return tensor.view("states", [samples, width], sizes.before * width);
      });
      const rows = planner.sorted.slice(0, samples);
      const arrived = read(device, [...made, ...states]).then((values) => {
        onOutputs(values.slice(0, made.length), rows, values.slice(made.length));
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

import { windowRows, windowRowsGradient, type WindowRowsOptions } from "../../kernels";
import type { Conv1dConfig } from "../layers";
import type { WeightTensors } from "../parameters";
import { recordDense } from "./dense";
import { writtenOut } from "./embedding";
import { dispatch, type Flow, type Recorder, type SequenceFlow } from "./recorder";

/**
 * Records a convolution: its windows written out as rows, and a dense layer on these.
 *
 * @param behind the recorder of the stage that it opens
 */
export function recordConvolution(
  recorder: Recorder,
  behind: Recorder,
  { filters, kernelSize: size, strides, padding, activation }: Conv1dConfig,
  input: SequenceFlow,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
): Flow {
  const flow = writtenOut(recorder, input);
  const { arena } = recorder;
  const dx = flow.gradient;
  const options: WindowRowsOptions = { width: flow.width, size, strides, padding };
  const columns = size * flow.width;
  const windows = arena.tensor("windows", [behind.capacity.rows, columns]);
  behind.forward.push((program) => {
    const { segments } = recorder.plan;
    dispatch(behind, program, windowRows(options), { segments, x: flow.values, out: windows });
  });
  // The derivative by the windows takes their place once the kernel's is known.
  if (dx) {
    recorder.backward.push((program) => {
      const tensors = { windows: behind.plan.segments, dWindows: windows, dx };
      dispatch(recorder, program, windowRowsGradient(options), tensors);
    });
  }
  const asMatrix = ({ kernel, ...others }: WeightTensors): WeightTensors => ({
    kernel: kernel.view("kernel", [columns, filters]),
    ...others,
  });
  return recordDense(
    behind,
    { units: filters, activation },
    {
      kind: "rows",
      width: columns,
      mask: undefined,
      values: windows,
      gradient: dx && windows,
    },
    asMatrix(weights),
    gradients && asMatrix(gradients),
  );
}

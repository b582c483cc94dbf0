import { windowRows, windowRowsGradient, type WindowRowsOptions } from "../../kernels";
import type { Conv1dConfig } from "../layers";
import type { WeightTensors } from "../parameters";
import { recordDense } from "./dense";
import { writtenOut } from "./embedding";
import {
  newFlow,
  recordKernels,
  type Flow,
  type Recorder,
  type RowFlow,
  type SequenceFlow,
} from "./recorder";

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
  const { width, gradient } = flow;
  const options: WindowRowsOptions = { width, size, strides, padding };
  const columns = size * width;
  const windows: RowFlow<"rows"> = newFlow(behind, "windows", "rows", columns, false);
  // The derivative by the windows takes their place once the kernel's is known.
  if (gradient) windows.gradient = windows.values;
  const kernels = [windowRows(options), windowRowsGradient(options)] as const;
  recordKernels(recorder, kernels, flow, windows, {}, behind);
  const asMatrix = ({ kernel, ...others }: WeightTensors): WeightTensors => ({
    kernel: kernel.view("kernel", [columns, filters]),
    ...others,
  });
  return recordDense(
    behind,
    { units: filters, activation },
    windows,
    asMatrix(weights),
    gradients && asMatrix(gradients),
  );
}

import { windowRows, windowRowsGradient, type WindowRowsOptions } from "../../kernels";
import type { Conv1dConfig } from "../layers";
import type { WeightTensors } from "../parameters";
import { recordDense } from "./dense";
import { newFlow, recordKernels, type Flow, type Recorder, type RowFlow } from "./recorder";
import { overStitched } from "./stitch";
import type { Between } from "./windows";

/**
 * Records a convolution: its windows written out as rows, and a dense layer on these.
 *
 * @param behind the recorders of the stage that it opens
 */
export function recordConvolution(
  before: Between,
  behind: readonly Recorder[],
  { filters, kernelSize: size, strides, padding, activation }: Conv1dConfig,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
): Flow[] {
  return overStitched(before, behind, { size, strides, padding }, gradients, (input, recorder) => {
    const { width, gradient } = input.flow;
    const options: WindowRowsOptions = { width, size, strides, padding: input.padding };
    const columns = size * width;
    const windows: RowFlow<"rows"> = newFlow(recorder, "windows", "rows", columns, false);
    // The derivative by the windows takes their place once the kernel's is known.
    if (gradient) windows.gradient = windows.values;
    const kernels = [windowRows(options), windowRowsGradient(options)] as const;
    recordKernels(input.recorder, kernels, input.flow, windows, {}, recorder);
    return recordDense(recorder, { units: filters, activation }, windows, weights, gradients);
  });
}

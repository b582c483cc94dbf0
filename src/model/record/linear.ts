import { linear, linearGroups, linearNarrow, type LinearOptions, type StepValues } from "../../kernels";
import type { Program } from "../../runtime/program";
import type { WeightTensors } from "../parameters";
import { dispatch, firstSample, type Recorder } from "./recorder";

/**
 * Records out = activation(x·kernel + bias) on every row of a sequence, or one row per sample; `transposed`,
 * out = x·kernelᵀ, the derivative by a layer's input.
 *
 * @param tensors `x`, `kernel`, `bias` where there is one, and `out`
 */
export function recordLinear(
  recorder: Recorder,
  program: Program<StepValues>,
  tensors: WeightTensors,
  options: Partial<LinearOptions> = {},
): void {
  const { shape } = tensors.kernel;
  const [inputs, outputs] = options.transposed ? shape.toReversed() : shape;
  const all: LinearOptions = {
    inputs,
    outputs,
    useBias: tensors.bias !== undefined,
    activation: "linear",
    rows: "same",
    count: "rows",
    first: firstSample(recorder.layout),
    transposed: false,
    accumulate: false,
    ...options,
  };
  const narrow = recorder.shape === "narrow" && linearGroups(all) !== undefined;
  dispatch(recorder, program, (narrow ? linearNarrow : linear)(all), tensors);
}

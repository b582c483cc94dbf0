import { linear, linearGroups, linearNarrow, type LinearOptions, type StepValues } from "../../kernels";
import type { Program } from "../../runtime/program";
import type { Tensor } from "../../runtime/tensor";
import { dispatch, firstSample, type Recorder } from "./recorder";

/** Records out = activation(x·kernel + bias) on every row of a sequence, or one row per sample. */
export function recordLinear(
  recorder: Recorder,
  program: Program<StepValues>,
  tensors: { x: Tensor; kernel: Tensor; bias?: Tensor; out: Tensor },
  options: Partial<Pick<LinearOptions, "activation" | "rows" | "count">> = {},
): void {
  const [inputs, outputs] = tensors.kernel.shape;
  record(recorder, program, tensors, {
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
  });
}

/**
 * Records dx = dz·kernelᵀ.
 *
 * @param accumulate add to what `dx` holds
 */
export function recordLinearInputGradient(
  recorder: Recorder,
  program: Program<StepValues>,
  { dz, kernel, dx }: { dz: Tensor; kernel: Tensor; dx: Tensor },
  count: "rows" | "samples",
  accumulate = false,
): void {
  const [outputs, inputs] = kernel.shape;
  record(
    recorder,
    program,
    { x: dz, kernel, out: dx },
    {
      inputs,
      outputs,
      useBias: false,
      activation: "linear",
      rows: "same",
      count,
      first: 0,
      transposed: true,
      accumulate,
    },
  );
}

function record(
  recorder: Recorder,
  program: Program<StepValues>,
  tensors: { x: Tensor; kernel: Tensor; bias?: Tensor; out: Tensor },
  options: LinearOptions,
): void {
  const narrow = recorder.shape === "narrow" && linearGroups(options) !== undefined;
  dispatch(recorder, program, (narrow ? linearNarrow : linear)(options), tensors);
}

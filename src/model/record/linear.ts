import { linear, linearSize, type LinearOptions } from "../../kernels/linear";
import { linearInputGradient, linearInputGradientSize } from "../../kernels/linear-input-gradient";
import type { StepValues } from "../../kernels/shared/step";
import type { Program } from "../../runtime/program";
import type { Tensor } from "../../runtime/tensor";
import { elementGrid, firstSample, type Recorder } from "./recorder";

/** Records out = activation(x·kernel + bias) on every row of a sequence, or one row per sample. */
export function recordLinear(
  { plan, layout }: Recorder,
  program: Program<StepValues>,
  tensors: { x: Tensor; kernel: Tensor; bias?: Tensor; out: Tensor },
  options: Partial<Pick<LinearOptions, "activation" | "rows" | "count">> = {},
): void {
  const { x, kernel, bias, out } = tensors;
  const { activation = "linear", rows = "same", count = "rows" } = options;
  const [inputs, outputs] = kernel.shape;
  program.dispatch(
    linear({
      inputs,
      outputs,
      useBias: bias !== undefined,
      activation,
      rows,
      count,
      first: firstSample(layout),
    }),
    {
      step: plan.step,
      ...(rows === "last" ? { segments: plan.segments } : {}),
      x,
      kernel,
      ...(bias ? { bias } : {}),
      out,
    },
    elementGrid((sizes) => sizes[count], outputs, linearSize),
  );
}

/**
 * Records dx = dz·kernelᵀ.
 *
 * @param accumulate add to what `dx` holds
 */
export function recordLinearInputGradient(
  { plan }: Recorder,
  program: Program<StepValues>,
  tensors: { dz: Tensor; kernel: Tensor; dx: Tensor },
  count: "rows" | "samples",
  accumulate = false,
): void {
  const [inputs, outputs] = tensors.kernel.shape;
  program.dispatch(
    linearInputGradient(inputs, outputs, count, accumulate),
    { step: plan.step, ...tensors },
    elementGrid((sizes) => sizes[count], inputs, linearInputGradientSize),
  );
}

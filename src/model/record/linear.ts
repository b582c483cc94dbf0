import { linear, linearGroups, linearNarrow, type LinearOptions, type StepValues } from "../../kernels";
import type { Program } from "../../runtime/program";
import type { WeightTensors } from "../parameters";
import { dispatch, firstSample, tableParts, type Recorder } from "./recorder";

/**
 * Records out = activation(x·kernel + bias) on every row of a sequence, or one row per sample; `transposed`,
 * out = x·kernelᵀ, the derivative by a layer's input. Of a kernel in parts one after the other takes its columns of `x`,
 * and goes on from the sums before it.
 *
 * @param tensors `x`, `kernel`, `bias` where there is one, and `out`
 */
export function recordLinear(
  recorder: Recorder,
  program: Program<StepValues>,
  tensors: WeightTensors,
  options: Partial<LinearOptions> = {},
): void {
  const { kernel, bias } = tensors;
  const { transposed = false, activation = "linear" } = options;
  const columns = kernel.shape.at(-1)!;
  const rows = kernel.length / columns;
  const parts = tableParts(kernel);
  parts.forEach(([own, part], i) => {
    const begins = transposed || i === 0;
    const ends = transposed || i === parts.length - 1;
    const all: LinearOptions = {
      inputs: transposed ? columns : rows,
      outputs: transposed ? rows : columns,
      rows: "same",
      count: "rows",
      first: firstSample(recorder.layout),
      transposed,
      accumulate: !begins,
      ...options,
      useBias: begins && bias !== undefined,
      activation: ends ? activation : "linear",
    };
    const narrow = recorder.shape === "narrow" && !part && linearGroups(all) !== undefined;
    const product = narrow ? linearNarrow(all) : linear(all, part);
    dispatch(recorder, program, product, { ...tensors, kernel: own });
  });
}

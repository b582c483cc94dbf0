import {
  globalPooling1d,
  globalPooling1dGradient,
  maxPooling1d,
  maxPooling1dGradient,
  type GlobalPooling1dOptions,
  type MaxPooling1dOptions,
} from "../../kernels";
import type { MaxPooling1dConfig } from "../layers";
import { cutWindows } from "../windows";
import { recordMove } from "./move";
import { newFlow, recordKernels, type Flow, type Recorder } from "./recorder";
import { overStitched } from "./stitch";
import { allWrittenOut, type Between } from "./windows";

/**
 * Records the largest value of each window.
 *
 * @param behind the recorders of the stage that the layer opens
 */
export function recordMaxPooling1d(
  before: Between,
  behind: readonly Recorder[],
  { poolSize: size, strides, padding }: MaxPooling1dConfig,
): Flow[] {
  return overStitched(before, behind, { size, strides, padding }, undefined, (input, recorder) => {
    const { width, gradient } = input.flow;
    const train = gradient !== undefined;
    const options: MaxPooling1dOptions = { width, size, strides, padding: input.padding };
    const output = newFlow(recorder, "pooled", "rows", width, train);
    const places = train ? recorder.arena.tensor("places", output.values.shape, "u32") : undefined;
    const kernels = [maxPooling1d(options, train), maxPooling1dGradient(options)] as const;
    recordKernels(input.recorder, kernels, input.flow, output, { places }, recorder);
    return output;
  });
}

/** Records the mean over the steps that are not masked, or the largest value of all steps. */
export function recordGlobalPooling1d(between: Between, of: GlobalPooling1dOptions["of"]): Flow {
  const { recorders } = between;
  const rows = allWrittenOut(between);
  const { arena, capacity } = recorders[0];
  const { width, gradient, mask } = rows[0];
  const output = newFlow(recorders[0], of, "samples", width, gradient);
  const pooled = arena.tensor("pooled", [capacity.samples, 2 * width], "u32");
  recorders.forEach((recorder, i) => {
    const options: GlobalPooling1dOptions = {
      width,
      of,
      masked: (of === "mean" ? mask?.by : undefined) ?? false,
      resumes: i > 0,
    };
    const kernels = [globalPooling1d(options), globalPooling1dGradient(options)] as const;
    recordKernels(recorder, kernels, rows[i], output, { ...rows[i].mask?.tensors, pooled });
  });
  return output;
}

/**
 * Records a sample's steps laid side by side.
 *
 * @param columns of the output
 */
export function recordFlatten(between: Between, columns: number): Flow {
  const { recorders } = between;
  const rows = allWrittenOut(between);
  const { width, gradient } = rows[0];
  const steps = columns / width;
  const output = newFlow(recorders[0], "flat", "samples", columns, gradient);
  cutWindows(steps, rows.length).forEach(({ first, steps: count }, i) => {
    const { values, gradient: dx } = rows[i];
    // Behind the row before the first step.
    const here = { first: 1, apart: count + 1 };
    const there = { first, apart: steps };
    recordMove(recorders[i], { from: here, to: there, count }, { x: values, out: output.values }, width);
    if (!dx) return;
    const back = { x: output.gradient!, out: dx };
    recordMove(recorders[i], { from: there, to: here, count }, back, width, "backward");
  });
  return output;
}

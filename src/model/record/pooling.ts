import {
  flatten,
  flattenGradient,
  globalPooling1d,
  globalPooling1dGradient,
  maxPooling1d,
  maxPooling1dGradient,
  type GlobalPooling1dOptions,
  type MaxPooling1dOptions,
} from "../../kernels";
import type { MaxPooling1dConfig } from "../layers";
import { writtenOut } from "./embedding";
import { newFlow, recordKernels, type Flow, type Recorder, type SequenceFlow } from "./recorder";

/**
 * Records the largest value of each window.
 *
 * @param behind the recorder of the stage that it opens
 */
export function recordMaxPooling1d(
  recorder: Recorder,
  behind: Recorder,
  { poolSize: size, strides, padding }: MaxPooling1dConfig,
  input: SequenceFlow,
): Flow {
  const flow = writtenOut(recorder, input);
  const { width } = flow;
  const train = flow.gradient !== undefined;
  const options: MaxPooling1dOptions = { width, size, strides, padding };
  const output = newFlow(behind, "pooled", "rows", width, train);
  const places = train ? recorder.arena.tensor("places", output.values.shape, "u32") : undefined;
  const kernels = [maxPooling1d(options, train), maxPooling1dGradient(options)] as const;
  recordKernels(recorder, kernels, flow, output, { places }, behind);
  return output;
}

/** Records the mean over the steps that are not masked, or the largest value of all steps. */
export function recordGlobalPooling1d(
  recorder: Recorder,
  of: GlobalPooling1dOptions["of"],
  input: SequenceFlow,
): Flow {
  const flow = writtenOut(recorder, input);
  const { width, gradient } = flow;
  const mask = of === "mean" ? flow.mask : undefined;
  const options: GlobalPooling1dOptions = { width, of, masked: mask?.by ?? false };
  const output = newFlow(recorder, of, "samples", width, gradient);
  const kernels = [globalPooling1d(options), globalPooling1dGradient(options)] as const;
  recordKernels(recorder, kernels, flow, output, mask?.tensors);
  return output;
}

/**
 * Records a sample's steps laid side by side; samples without steps stay as they are.
 *
 * @param columns of the output
 */
export function recordFlatten(recorder: Recorder, input: Flow, columns: number): Flow {
  if (input.kind === "samples" || input.kind === "last") return input;
  const flow = writtenOut(recorder, input);
  const { width, gradient } = flow;
  const steps = columns / width;
  const output = newFlow(recorder, "flat", "samples", columns, gradient);
  recordKernels(recorder, [flatten(width, steps), flattenGradient(width, steps)], flow, output);
  return output;
}

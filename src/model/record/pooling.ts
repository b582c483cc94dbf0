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
import { dispatch, type Flow, type Recorder, type SequenceFlow } from "./recorder";

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
  const { arena } = recorder;
  const { width, gradient: dx } = flow;
  const options: MaxPooling1dOptions = { width, size, strides, padding };
  const shape = [behind.capacity.rows, width];
  const values = arena.tensor("pooled", shape);
  const places = dx ? arena.tensor("places", shape, "u32") : undefined;
  behind.forward.push((program) => {
    dispatch(recorder, program, maxPooling1d(options, places !== undefined), {
      step: behind.plan.step,
      x: flow.values,
      out: values,
      places,
    });
  });
  if (!places || !dx) return { kind: "rows", width, mask: undefined, values };
  const gradient = arena.tensor("dPooled", shape);
  recorder.backward.push((program) => {
    dispatch(recorder, program, maxPooling1dGradient(options), {
      windows: behind.plan.segments,
      places,
      dOut: gradient,
      dx,
    });
  });
  return { kind: "rows", width, mask: undefined, values, gradient };
}

/** Records the mean over the steps that are not masked, or the largest value of all steps. */
export function recordGlobalPooling1d(
  recorder: Recorder,
  of: GlobalPooling1dOptions["of"],
  input: SequenceFlow,
): Flow {
  const flow = writtenOut(recorder, input);
  const { arena, capacity } = recorder;
  const { width, gradient: dx } = flow;
  const mask = of === "mean" ? flow.mask : undefined;
  const options: GlobalPooling1dOptions = { width, of, masked: mask?.by ?? false };
  const shape = [capacity.samples, width];
  const values = arena.tensor(of, shape);
  recorder.forward.push((program) => {
    dispatch(recorder, program, globalPooling1d(options), { ...mask?.tensors, x: flow.values, out: values });
  });
  if (!dx) return { kind: "samples", width, values };
  const gradient = arena.tensor("dPooled", shape);
  recorder.backward.push((program) => {
    dispatch(recorder, program, globalPooling1dGradient(options), {
      ...mask?.tensors,
      x: flow.values,
      out: values,
      dOut: gradient,
      dx,
    });
  });
  return { kind: "samples", width, values, gradient };
}

/**
 * Records a sample's steps laid side by side; samples without steps stay as they are.
 *
 * @param columns of the output
 */
export function recordFlatten(recorder: Recorder, input: Flow, columns: number): Flow {
  if (input.kind === "samples" || input.kind === "last") return input;
  const flow = writtenOut(recorder, input);
  const { arena, capacity } = recorder;
  const { width, gradient: dx } = flow;
  const steps = columns / width;
  const shape = [capacity.samples, columns];
  const values = arena.tensor("flat", shape);
  recorder.forward.push((program) => {
    dispatch(recorder, program, flatten(width, steps), { x: flow.values, out: values });
  });
  if (!dx) return { kind: "samples", width: columns, values };
  const gradient = arena.tensor("dFlat", shape);
  recorder.backward.push((program) => {
    dispatch(recorder, program, flattenGradient(width, steps), { dOut: gradient, dx });
  });
  return { kind: "samples", width: columns, values, gradient };
}

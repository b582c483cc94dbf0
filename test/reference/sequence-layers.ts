import type { Conv1dDescription, MaskingDescription, MaxPooling1dDescription } from "../support/layers";
import { activate, derivativeFromOutput } from "./activation";
import type { DropFactors, Flow, Tape } from "./flow";
import {
  conv1dBackward,
  conv1dForward,
  maxPooling1dBackward,
  maxPooling1dForward,
  windowCount,
} from "./windows";
import type { WindowShape } from "./windows";

/** Masks the steps all of whose features are the value, as float32 has it, and makes zeros of them. */
export function runMasking({ maskValue }: Pick<MaskingDescription, "maskValue">, input: Flow): Tape {
  const { data, batch, steps, width } = input;
  const value = Math.fround(maskValue);
  const mask = Uint8Array.from({ length: batch * steps }, (_, row) =>
    data.subarray(row * width, (row + 1) * width).some((x) => x !== value) ? 1 : 0,
  );
  const tape = scaledBy(input, (i) => mask[Math.floor(i / width)]);
  return { ...tape, output: { ...tape.output, mask } };
}

/** Multiplies every value by a factor of its own, [B][T][I]; the mask passes through. */
export function runDropout(input: Flow, { input: factors }: DropFactors = {}): Tape {
  return scaledBy(input, (i) => factors?.[i] ?? 1);
}

/** Multiplies every feature by a factor of its own, [B][I], the same at all steps. */
export function runSpatialDropout1d(input: Flow, { input: factors }: DropFactors = {}): Tape {
  const { steps, width } = input;
  const sampleOf = (i: number): number => Math.floor(i / (steps * width));
  return scaledBy(input, (i) => factors?.[sampleOf(i) * width + (i % width)] ?? 1);
}

function scaledBy(input: Flow, factor: (i: number) => number): Tape {
  return {
    output: { ...input, data: input.data.map((x, i) => x * factor(i)) },
    backward: (dOutput) => ({ dInput: dOutput.map((d, i) => d * factor(i)), dWeights: [] }),
  };
}

/** A convolution over the steps; no mask passes. */
export function runConv1d(
  { filters, kernelSize: size, strides, padding, activation, useBias }: Conv1dDescription,
  [kernel, bias]: readonly Float64Array[],
  { data: x, batch, steps, width }: Flow,
): Tape {
  const shape: WindowShape = { batch, steps, width, size, strides, padding };
  const z = conv1dForward(x, kernel, useBias ? bias : undefined, filters, shape);
  const data = z.map((value) => activate(activation, value));
  return {
    output: { data, batch, steps: windowCount(shape), width: filters },
    backward: (dOutput) => {
      const dZ = dOutput.map((d, i) => d * derivativeFromOutput(activation, data[i]));
      const { dX, dKernel, dBias } = conv1dBackward(dZ, x, kernel, filters, shape);
      return { dInput: dX, dWeights: [dKernel, ...(useBias ? [dBias] : [])] };
    },
  };
}

/** The largest value of each window; no mask passes. */
export function runMaxPooling1d(
  { poolSize: size, strides, padding }: MaxPooling1dDescription,
  { data: x, batch, steps, width }: Flow,
): Tape {
  const shape: WindowShape = { batch, steps, width, size, strides, padding };
  const { values, at } = maxPooling1dForward(x, shape);
  return {
    output: { data: values, batch, steps: windowCount(shape), width },
    backward: (dOutput) => ({ dInput: maxPooling1dBackward(dOutput, at, shape), dWeights: [] }),
  };
}

/** The mean over the steps that are not masked; zero where all are (Keras divides by zero there). */
export function runGlobalAveragePooling1d({ data: x, batch, steps, width, mask }: Flow): Tape {
  /** What each step of a sample counts in its mean. */
  const share = new Float64Array(batch * steps);
  for (let b = 0; b < batch; b++) {
    const seen = Array.from({ length: steps }, (_, t) => (mask?.[b * steps + t] === 0 ? 0 : 1));
    const count = seen.filter((one) => one === 1).length;
    seen.forEach((one, t) => (share[b * steps + t] = one / Math.max(1, count)));
  }
  const data = new Float64Array(batch * width);
  const to = (i: number): number => Math.floor(i / (steps * width)) * width + (i % width);
  x.forEach((value, i) => (data[to(i)] += share[Math.floor(i / width)] * value));
  return {
    output: { data, batch, steps: 1, width },
    backward: (dOutput) => ({
      dInput: x.map((_, i) => share[Math.floor(i / width)] * dOutput[to(i)]),
      dWeights: [],
    }),
  };
}

/** The largest value of all steps, masked ones too; its derivative is divided among equals. */
export function runGlobalMaxPooling1d({ data: x, batch, steps, width }: Flow): Tape {
  const to = (i: number): number => Math.floor(i / (steps * width)) * width + (i % width);
  const data = new Float64Array(batch * width).fill(-Infinity);
  x.forEach((value, i) => (data[to(i)] = Math.max(data[to(i)], value)));
  const equals = new Float64Array(batch * width);
  x.forEach((value, i) => (equals[to(i)] += value === data[to(i)] ? 1 : 0));
  return {
    output: { data, batch, steps: 1, width },
    backward: (dOutput) => ({
      dInput: x.map((value, i) => (value === data[to(i)] ? dOutput[to(i)] / equals[to(i)] : 0)),
      dWeights: [],
    }),
  };
}

/** One row of all a sample's steps. */
export function runFlatten({ data, batch, steps, width }: Flow): Tape {
  return {
    output: { data, batch, steps: 1, width: steps * width },
    backward: (dOutput) => ({ dInput: dOutput, dWeights: [] }),
  };
}

import {
  globalAveragePooling1d,
  globalAveragePooling1dGradient,
  globalAveragePooling1dSize,
} from "../../src/kernels/global-average-pooling1d";
import type { Masked } from "../../src/kernels/shared/mask";
import { runGlobalAveragePooling1d } from "../reference/sequence-layers";
import { randomIntegers, randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, invocations, kernelCase, runKernel, type KernelCase } from "./harness";

function meanCase(batch: number, steps: number, width: number, masked: Masked): KernelCase {
  const name = `globalAveragePooling1d: ${batch} × ${steps} steps of ${width}${masked ? `, masked by ${masked}` : ""}`;
  return kernelCase(name, async (device) => {
    // The last row has nothing but masked steps.
    const tokens = randomIntegers(batch * steps, 3, 0, 3).map((token, i) =>
      i < (batch - 1) * steps ? token : 0,
    );
    const data = Float64Array.from(randomValues(batch * steps * width, 1));
    const mask = masked ? Uint8Array.from(tokens, (token) => (token === 0 ? 0 : 1)) : undefined;
    const twin = runGlobalAveragePooling1d({ data, batch, steps, width, mask });
    const rows = batch * (steps + 1);
    const segments = Uint32Array.from(
      Array.from({ length: batch }, (_, i) => [i * (steps + 1), steps, i * steps, 0xffff_ffff]).flat(),
    );
    const rowOf = (i: number): number => Math.floor(i / (steps * width)) + 1 + Math.floor(i / width);
    const spread = (values: Float64Array, before: number): Float32Array => {
      const into = new Float32Array(rows * width).fill(before);
      values.forEach((value, i) => (into[rowOf(i) * width + (i % width)] = value));
      return into;
    };
    const sizes = { samples: batch, segments: batch, steps, rows };
    const marks = new Uint32Array(rows).fill(1);
    tokens.forEach((token, i) => (marks[rowOf(i * width)] = token === 0 ? 0 : 1));
    const masks = { tokens: { tokens }, rows: { mask: marks } };
    const inputs = { segments, ...(masked ? masks[masked] : {}) };
    const grid = invocations(batch * width, globalAveragePooling1dSize);
    const forward = await runKernel(device, globalAveragePooling1d(width, masked), {
      sizes,
      inputs: { ...inputs, x: spread(data, 7) },
      outputs: { out: batch * width },
      grid,
    });
    assertOutputs(forward, { out: twin.output.data }, kernelTolerance(steps));
    const dOut = randomValues(batch * width, 2);
    const backward = await runKernel(device, globalAveragePooling1dGradient(width, masked), {
      sizes,
      inputs: { ...inputs, dOut },
      outputs: { dx: rows * width },
      grid,
    });
    const { dInput } = twin.backward(Float64Array.from(dOut), false);
    assertOutputs(backward, { dx: spread(dInput, 0) }, kernelTolerance(1));
  });
}

export const cases: KernelCase[] = [
  meanCase(1, 1, 1, false),
  meanCase(5, 37, 3, false),
  meanCase(127, 2, 33, false),
  meanCase(5, 7, 4, "tokens"),
  meanCase(3, 37, 31, "tokens"),
  meanCase(5, 7, 4, "rows"),
  meanCase(3, 37, 31, "rows"),
];

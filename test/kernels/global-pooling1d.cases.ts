import {
  globalPooling1d,
  globalPooling1dGradient,
  type GlobalPooling1dOptions,
} from "../../src/kernels/global-pooling1d";
import type { Masked } from "../../src/kernels/shared/mask";
import { runGlobalAveragePooling1d, runGlobalMaxPooling1d } from "../reference/sequence-layers";
import { randomIntegers, randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

const twins = { mean: runGlobalAveragePooling1d, max: runGlobalMaxPooling1d };

function poolingCase(
  of: GlobalPooling1dOptions["of"],
  batch: number,
  steps: number,
  width: number,
  masked: Masked = false,
): KernelCase {
  const name = `globalPooling1d: ${of} of ${batch} × ${steps} steps of ${width}${masked ? `, masked by ${masked}` : ""}`;
  return kernelCase(name, async (device) => {
    // The last row has nothing but masked steps.
    const tokens = randomIntegers(batch * steps, 3, 0, 3).map((token, i) =>
      i < (batch - 1) * steps ? token : 0,
    );
    // Few different values, so that some columns have their largest value twice.
    const data = Float64Array.from(randomValues(batch * steps * width, 1), (x) => Math.round(x * 4) / 4 - 1);
    const mask = masked ? Uint8Array.from(tokens, (token) => (token === 0 ? 0 : 1)) : undefined;
    const twin = twins[of]({ data, batch, steps, width, mask });
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
    const forward = await runKernel(device, globalPooling1d({ width, of, masked }), {
      sizes,
      inputs: { ...inputs, x: spread(data, 7) },
      outputs: { out: batch * width },
    });
    assertOutputs(forward, { out: twin.output.data }, kernelTolerance(steps));
    const dOut = randomValues(batch * width, 2);
    const backward = await runKernel(device, globalPooling1dGradient({ width, of, masked }), {
      sizes,
      inputs: { ...inputs, ...(of === "max" ? { x: spread(data, 7), out: forward.out } : {}), dOut },
      outputs: { dx: rows * width },
    });
    const { dInput } = twin.backward(Float64Array.from(dOut), false);
    assertOutputs(backward, { dx: spread(dInput, 0) }, kernelTolerance(1));
  });
}

export const cases: KernelCase[] = [
  ...(["mean", "max"] as const).flatMap((of) => [
    poolingCase(of, 1, 1, 1),
    poolingCase(of, 5, 37, 3),
    poolingCase(of, 127, 2, 33),
  ]),
  poolingCase("mean", 5, 7, 4, "tokens"),
  poolingCase("mean", 3, 37, 31, "tokens"),
  poolingCase("mean", 5, 7, 4, "rows"),
  poolingCase("mean", 3, 37, 31, "rows"),
];

import {
  globalPooling1d,
  globalPooling1dGradient,
  type GlobalPooling1dOptions,
} from "../../src/kernels/global-pooling1d";
import type { Masked } from "../../src/kernels/shared/mask";
import { runGlobalAveragePooling1d, runGlobalMaxPooling1d } from "../reference/sequence-layers";
import { randomIntegers, randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, segmentWordsOf, type KernelCase } from "./harness";

const twins = { mean: runGlobalAveragePooling1d, max: runGlobalMaxPooling1d };

function poolingCase(
  of: GlobalPooling1dOptions["of"],
  batch: number,
  steps: number,
  width: number,
  masked: Masked = false,
  cut: readonly (readonly [number, number])[] = [[0, steps]],
): KernelCase {
  const by = masked ? `, masked by ${masked}` : "";
  const name = `globalPooling1d: ${of} of ${batch} × ${steps} steps of ${width}${by}, windows ${cut.length}`;
  return kernelCase(name, async (device) => {
    // The last row has nothing but masked steps.
    const tokens = randomIntegers(batch * steps, 3, 0, 3).map((token, i) =>
      i < (batch - 1) * steps ? token : 0,
    );
    // Few different values, so that some columns have their largest value twice.
    const data = Float64Array.from(randomValues(batch * steps * width, 1), (x) => Math.round(x * 4) / 4 - 1);
    const mask = masked ? Uint8Array.from(tokens, (token) => (token === 0 ? 0 : 1)) : undefined;
    const twin = twins[of]({ data, batch, steps, width, mask });
    const dOut = randomValues(batch * width, 2);
    const { dInput } = twin.backward(Float64Array.from(dOut), false);
    // The steps of all samples in windows, one after the other, each in rows of its own.
    const windows = cut.map(([begin, end]) => {
      const count = end - begin;
      const ofWindow = <Item>(values: ArrayLike<Item>, columns: number): Item[] =>
        Array.from(values).filter((_, i) => {
          const t = Math.floor(i / columns) % steps;
          return t >= begin && t < end;
        });
      const rows = batch * (count + 1);
      const rowOf = (i: number): number => Math.floor(i / count) + 1 + i;
      const spread = (values: ArrayLike<number>, before: number): Float32Array => {
        const into = new Float32Array(rows * width).fill(before);
        ofWindow(Array.from(values), width).forEach((value, i) => {
          into[rowOf(Math.floor(i / width)) * width + (i % width)] = value;
        });
        return into;
      };
      const own = ofWindow(Array.from(tokens), 1);
      const marks = new Uint32Array(rows).fill(1);
      own.forEach((token, i) => (marks[rowOf(i)] = token === 0 ? 0 : 1));
      const masks = { tokens: { tokens: own }, rows: { mask: marks } };
      const { segments } = segmentWordsOf(Array.from({ length: batch }, () => count));
      for (let i = 0; i < batch; i++) segments[4 * i + 2] = i * count;
      return {
        spread,
        rows,
        sizes: { samples: batch, segments: batch, steps: count, rows },
        inputs: { segments, ...(masked ? masks[masked] : {}) },
      };
    });
    let forward: Record<string, ArrayLike<number>> = { pooled: new Uint32Array(2 * batch * width).fill(5) };
    for (const [i, { sizes, inputs, spread }] of windows.entries()) {
      forward = await runKernel(device, globalPooling1d({ width, of, masked, resumes: i > 0 }), {
        sizes,
        inputs: { ...inputs, x: spread(data, 7) },
        outputs: { pooled: forward.pooled, out: batch * width },
      });
    }
    const { pooled, out } = forward;
    assertOutputs({ out: Float32Array.from(out) }, { out: twin.output.data }, kernelTolerance(steps));
    for (const { sizes, inputs, spread, rows } of windows) {
      const backward = await runKernel(device, globalPooling1dGradient({ width, of, masked }), {
        sizes,
        inputs: { ...inputs, ...(of === "max" ? { x: spread(data, 7) } : {}), pooled, dOut },
        outputs: { dx: rows * width },
      });
      assertOutputs(backward, { dx: spread(dInput, 0) }, kernelTolerance(1));
    }
  });
}

export const cases: KernelCase[] = [
  ...(["mean", "max"] as const).flatMap((of) => [
    poolingCase(of, 1, 1, 1),
    poolingCase(of, 5, 37, 3),
    poolingCase(of, 127, 2, 33),
    poolingCase(of, 3, 37, 5, false, [
      [0, 1],
      [1, 30],
      [30, 37],
    ]),
  ]),
  poolingCase("mean", 5, 7, 4, "tokens"),
  poolingCase("mean", 3, 37, 31, "tokens"),
  poolingCase("mean", 5, 7, 4, "rows"),
  poolingCase("mean", 3, 37, 31, "rows"),
  poolingCase("mean", 3, 37, 31, "tokens", [
    [0, 11],
    [11, 37],
  ]),
];

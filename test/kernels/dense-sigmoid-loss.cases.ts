import { denseSigmoidLoss, type DenseSigmoidLossOptions } from "../../src/kernels/dense-sigmoid-loss";
import { sigmoid } from "../reference/activation";
import { denseBackward, denseForward } from "../reference/dense";
import { binaryCrossentropy } from "../reference/loss";
import { randomIntegers, randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, segmentWordsOf, type KernelCase } from "./harness";
import { widths } from "./sizes";

const metric = 2;

/** @param scale of the states: at 400 the logits go to about ±100 and beyond */
function headCase(samples: number, options: Partial<DenseSigmoidLossOptions>, scale = 1): KernelCase {
  const full: DenseSigmoidLossOptions = {
    units: 5,
    useBias: true,
    first: 0,
    train: true,
    linear: false,
    ...options,
  };
  const { units, useBias, first, train, linear } = full;
  const flags = [useBias ? "bias" : "no bias", train ? "train" : "evaluate", linear ? "linear" : "sigmoid"];
  const name = `denseSigmoidLoss: ${samples} samples from ${first}, U ${units}, ${flags.join(", ")}, states of ${scale}`;
  return kernelCase(name, async (device) => {
    const { segments, rows } = segmentWordsOf(Array.from({ length: samples + first }, (_, i) => (i * 5) % 3));
    const h = randomValues(rows * units, 1, scale);
    const kernel = randomValues(units, 2, 1);
    const bias = randomValues(1, 3);
    const labels = Float32Array.from(randomIntegers(samples, 4, 0, 2));
    const lossWeights = randomValues(samples, 5).map((w) => Math.abs(w));
    const weights = Float32Array.from({ length: 2 * samples }, (_, i) => (i % 2 ? 1 : lossWeights[i / 2]));
    const last = Float32Array.from({ length: samples * units }, (_, i) => {
      const at = (Math.floor(i / units) + first) * 4;
      return h[(segments[at] + segments[at + 1]) * units + (i % units)];
    });
    const shape = { rows: samples, inputs: units, units: 1 };
    const z = denseForward(last, kernel, useBias ? bias : undefined, shape);
    const { loss, gradient } = binaryCrossentropy(z, labels, {
      weights: lossWeights.map((w) => w * samples),
    });
    const outputs = linear ? z : z.map(sigmoid);
    const right = labels.filter((y, b) => (outputs[b] > 0.5 ? 1 : 0) === y).length;
    const before = randomValues(4 * (metric + 2), 6);
    const metrics = Float64Array.from(before);
    metrics.set([loss, right, samples, 0], 4 * metric);
    const { dX, dKernel, dBias } = denseBackward(gradient, last, kernel, shape);

    const trained = { dLast: dX, dKernel, ...(useBias ? { dBias } : {}) };
    const expected = train ? trained : { outputs };
    const lengths = Object.entries<ArrayLike<number>>(expected).map(([key, values]) => [key, values.length]);
    const actual = await runKernel(device, denseSigmoidLoss(full), {
      sizes: { samples, segments: samples + first, metric },
      inputs: { segments, h, kernel, ...(useBias ? { bias } : {}), labels, weights },
      outputs: { metrics: before, ...(Object.fromEntries(lengths) as Record<string, number>) },
    });
    assertOutputs(actual, { metrics }, kernelTolerance(units + samples));
    assertOutputs(actual, expected, kernelTolerance(units + samples));
  });
}

export const cases: KernelCase[] = [
  ...[1, 2, 63, 64, 65, 127].map((samples) => headCase(samples, {})),
  ...[...widths, 257].map((units) => headCase(5, { units, first: 1 })),
  headCase(127, { units: 33, train: false, first: 1 }),
  headCase(7, { train: false, linear: true, useBias: false }),
  headCase(7, { useBias: false }),
  headCase(16, { linear: true }),
  headCase(33, {}, 400),
  headCase(33, { train: false }, 400),
];

import { weightPenalty } from "../../src/kernels/weight-penalty";
import { weightPenalty as twin } from "../reference/regularization";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

function penaltyCase(length: number, train: boolean, factors: { l1: number; l2: number }): KernelCase {
  const name = `weightPenalty: ${length} elements, l1 ${factors.l1}, l2 ${factors.l2}, ${train ? "train" : "evaluate"}`;
  return kernelCase(name, async (device) => {
    const weight = randomValues(length, 1);
    weight[0] = 0;
    const metrics = randomValues(5 * 4, 2);
    const gradient = randomValues(length, 3);
    const actual = await runKernel(device, weightPenalty({ ...factors, length, train, groups: 1 }), {
      sizes: { metric: 3 },
      inputs: { weight },
      outputs: { metrics, ...(train ? { gradient } : {}) },
    });
    const penalty = twin(weight, factors);
    const expected = Float64Array.from(metrics);
    expected[12] += penalty.loss;
    const sums = Float64Array.from(gradient, (g, i) => g + penalty.gradient[i]);
    assertOutputs(
      actual,
      { metrics: expected, ...(train ? { gradient: sums } : {}) },
      kernelTolerance(length),
    );
  });
}

/** Several workgroups: each lane leaves its sum. */
function sharedCase(length: number, groups: number): KernelCase {
  const factors = { l1: 0.3, l2: 0.07 };
  return kernelCase(`weightPenalty: ${length} elements among ${groups} workgroups`, async (device) => {
    const lanes = 256 * groups;
    const weight = randomValues(length, 1);
    const gradient = randomValues(length, 3);
    const actual = await runKernel(device, weightPenalty({ ...factors, length, train: true, groups }), {
      inputs: { weight },
      outputs: { sums: lanes, gradient },
    });
    const own = (lane: number): Float32Array => weight.filter((_, i) => i % lanes === lane);
    const sums = Array.from({ length: lanes }, (_, lane) => twin(own(lane), factors).loss);
    const penalties = twin(weight, factors).gradient;
    const expected = { sums, gradient: Float64Array.from(gradient, (g, i) => g + penalties[i]) };
    assertOutputs(actual, expected, kernelTolerance(length));
  });
}

export const cases: KernelCase[] = [
  ...[1, 255, 256, 257, 1031].flatMap((length) => [
    penaltyCase(length, true, { l1: 0.3, l2: 0.07 }),
    penaltyCase(length, false, { l1: 0.3, l2: 0 }),
    penaltyCase(length, true, { l1: 0, l2: 0.2 }),
  ]),
  sharedCase(1031, 3),
  sharedCase(1537, 3),
  sharedCase(5, 2),
];

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
    const actual = await runKernel(device, weightPenalty({ ...factors, length, train }), {
      sizes: { metric: 3 },
      inputs: { weight },
      outputs: { metrics, ...(train ? { gradient } : {}) },
      grid: [1],
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

export const cases: KernelCase[] = [1, 255, 256, 257, 1031].flatMap((length) => [
  penaltyCase(length, true, { l1: 0.3, l2: 0.07 }),
  penaltyCase(length, false, { l1: 0.3, l2: 0 }),
  penaltyCase(length, true, { l1: 0, l2: 0.2 }),
]);

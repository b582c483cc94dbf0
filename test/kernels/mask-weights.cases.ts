import { maskWeights } from "../../src/kernels/mask-weights";
import { randomIntegers, randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

function weightsCase(samples: number, steps: number, padding: "some" | "all"): KernelCase {
  return kernelCase(`maskWeights: ${samples} × ${steps} steps, ${padding} masked`, async (device) => {
    const outputs = samples * (steps + 1);
    const isStep = (row: number): boolean => row % (steps + 1) > 0;
    const own = randomValues(samples, 1).map((weight) => 1 + weight);
    const weights = Float32Array.from({ length: 2 * outputs }, (_, at) => {
      const row = at >> 1;
      if (!isStep(row)) return 0;
      return at % 2 === 1 ? 1 : own[Math.floor(row / (steps + 1))] / (samples * steps);
    });
    const mask = Uint32Array.from(randomIntegers(outputs, 2, 0, 2), (one) => (padding === "all" ? 0 : one));
    const counted = mask.filter((one, row) => one === 1 && isStep(row)).length;
    const expected = Float64Array.from(weights, (weight, at) => {
      if (mask[at >> 1] === 0) return 0;
      return at % 2 === 1 ? weight : (weight * samples * steps) / counted;
    });
    const actual = await runKernel(device, maskWeights(), {
      sizes: { samples, outputs },
      inputs: { mask, weights },
      outputs: { out: 2 * outputs },
      grid: [1],
    });
    assertOutputs(actual, { out: expected }, kernelTolerance(1));
  });
}

export const cases: KernelCase[] = [
  weightsCase(1, 1, "all"),
  weightsCase(5, 7, "some"),
  weightsCase(31, 37, "some"),
  weightsCase(4, 3, "all"),
];

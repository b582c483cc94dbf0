import { maskCounts, maskWeights } from "../../src/kernels/mask-weights";
import { randomIntegers, randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

function weightsCase(samples: number, steps: number, padding: "some" | "all", groups = 1): KernelCase {
  const name = `maskWeights: ${samples} × ${steps} steps, ${padding} masked, workgroups ${groups}`;
  return kernelCase(name, async (device) => {
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
    const sizes = { samples, outputs };
    const inputs = { mask, weights };
    const { counts } = await runKernel(device, maskCounts(groups), {
      sizes,
      inputs,
      outputs: { counts: [0, 0] },
    });
    const actual = await runKernel(device, maskWeights(), {
      sizes,
      inputs: { ...inputs, counts },
      outputs: { out: 2 * outputs },
    });
    assertOutputs(actual, { out: expected }, kernelTolerance(1));
  });
}

export const cases: KernelCase[] = [
  weightsCase(1, 1, "all"),
  weightsCase(5, 7, "some"),
  weightsCase(31, 37, "some"),
  weightsCase(4, 3, "all"),
  weightsCase(31, 37, "some", 2),
  weightsCase(31, 37, "some", 128),
  weightsCase(4, 3, "all", 3),
];

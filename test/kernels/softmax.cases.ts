import { softmax } from "../../src/kernels/softmax";
import { softmax as twin } from "../reference/activation";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

function softmaxCase(outputs: number, width: number, scale: number): KernelCase {
  return kernelCase(`softmax: ${outputs} rows of ${width}, up to ±${scale}`, async (device) => {
    const y = randomValues(outputs * width, 1, scale);
    const actual = await runKernel(device, softmax(width), {
      sizes: { outputs },
      outputs: { y },
    });
    // exp takes the rounding of a difference of large logits as a factor.
    const tolerance = kernelTolerance(width + scale * scale);
    assertOutputs(actual, { y: twin(y, width) }, tolerance);
  });
}

export const cases: KernelCase[] = [
  softmaxCase(1, 1, 1),
  softmaxCase(63, 2, 3),
  softmaxCase(65, 5, 3),
  softmaxCase(127, 33, 100),
];

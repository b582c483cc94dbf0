import { addGradients } from "../../src/kernels/add-gradients";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

function addCase(length: number): KernelCase {
  return kernelCase(`addGradients: ${length} elements`, async (device) => {
    const terms = randomValues(length, 1);
    const sums = randomValues(length, 2);
    const actual = await runKernel(device, addGradients(length), {
      inputs: { terms },
      outputs: { sums },
    });
    assertOutputs(actual, { sums: sums.map((sum, i) => sum + terms[i]) }, kernelTolerance(1));
  });
}

export const cases: KernelCase[] = [1, 63, 64, 65, 1031].map(addCase);

import { sumPartials, sumPartialsSize } from "../../src/kernels/sum-partials";
import { sumRows } from "../reference/rows";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, invocations, kernelCase, runKernel, type KernelCase } from "./harness";

function sumCase(length: number, biasLength: number, chunks: number): KernelCase {
  return kernelCase(`sumPartials: ${chunks} of ${length} + ${biasLength}`, async (device) => {
    const partials = randomValues(chunks * (length + biasLength), 1);
    const sums = sumRows(partials, length + biasLength);
    const actual = await runKernel(device, sumPartials(length, biasLength, chunks), {
      inputs: { partials },
      outputs: { kernel: length, ...(biasLength > 0 ? { bias: biasLength } : {}) },
      grid: invocations(length + biasLength, sumPartialsSize),
    });
    const expected = {
      kernel: sums.subarray(0, length),
      ...(biasLength > 0 ? { bias: sums.subarray(length) } : {}),
    };
    assertOutputs(actual, expected, kernelTolerance(chunks));
  });
}

export const cases: KernelCase[] = [
  sumCase(1, 0, 1),
  sumCase(1, 1, 2),
  sumCase(63, 2, 64),
  sumCase(64, 64, 5),
  sumCase(1023, 31, 17),
];

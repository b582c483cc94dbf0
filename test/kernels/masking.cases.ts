import { masking, maskingGradient } from "../../src/kernels/masking";
import { runMasking } from "../reference/sequence-layers";
import { randomIntegers, randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";

/** Rows by themselves: where steps begin is of no account here. */
function maskingCase(rows: number, width: number, maskValue: number): KernelCase {
  return kernelCase(`masking: ${rows} rows of ${width}, ${maskValue}`, async (device) => {
    const value = Math.fround(maskValue);
    // Rows of the value throughout, rows of it but for one feature (any), and rows without it.
    const kinds = randomIntegers(rows, 5, 0, 3);
    const x = randomValues(rows * width, 1).map((other, at) => {
      const [row, j] = [Math.floor(at / width), at % width];
      return kinds[row] === 0 || (kinds[row] === 1 && j !== row % width) ? value : other;
    });
    const input = { data: Float64Array.from(x), batch: 1, steps: rows, width };
    const twin = runMasking({ maskValue }, input);
    const forward = await runKernel(device, masking(width, value), {
      sizes: { rows },
      inputs: { x },
      outputs: { mask: rows, out: rows * width },
    });
    const mask = Uint32Array.from(Array.from(twin.output.mask!));
    assertOutputs(forward, { mask, out: twin.output.data }, kernelTolerance(0));
    const dOut = randomValues(rows * width, 2);
    const backward = await runKernel(device, maskingGradient(width), {
      sizes: { rows },
      inputs: { mask, dOut },
      outputs: { dx: rows * width },
    });
    const { dInput } = twin.backward(Float64Array.from(dOut), false);
    assertOutputs(backward, { dx: dInput }, kernelTolerance(0));
  });
}

export const cases: KernelCase[] = [
  maskingCase(1, 1, 0),
  maskingCase(37, 3, 0),
  maskingCase(127, 4, -1),
  maskingCase(65, 33, 0.1),
  maskingCase(13, 2, 1e-7),
  maskingCase(13, 2, -3e38),
];

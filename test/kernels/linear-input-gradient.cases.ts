import { linearInputGradient, linearInputGradientSize } from "../../src/kernels/linear-input-gradient";
import { denseBackward } from "../reference/dense";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, invocations, kernelCase, runKernel, type KernelCase } from "./harness";
import { widths } from "./sizes";

function gradientCase(rows: number, inputs: number, units: number, count: "rows" | "samples"): KernelCase {
  return kernelCase(`linearInputGradient: ${rows} ${count}, ${inputs} from ${units}`, async (device) => {
    const dz = randomValues(rows * units, 1);
    const kernel = randomValues(inputs * units, 2);
    const { dX } = denseBackward(dz, new Float32Array(rows * inputs), kernel, { rows, inputs, units });
    const actual = await runKernel(device, linearInputGradient(inputs, units, count), {
      sizes: { [count]: rows },
      inputs: { dz, kernel },
      outputs: { dx: rows * inputs },
      grid: invocations(rows * inputs, linearInputGradientSize),
    });
    assertOutputs(actual, { dx: dX }, kernelTolerance(units));
  });
}

export const cases: KernelCase[] = [
  ...widths.map((width, i) => gradientCase(7, width, widths[(i + 5) % widths.length], "rows")),
  ...[1, 2, 127].map((rows) => gradientCase(rows, 3, 5, "samples")),
];

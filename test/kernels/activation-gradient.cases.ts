import { activationGradient } from "../../src/kernels/activation-gradient";
import { activations, type Activation } from "../../src/kernels/shared/activation";
import { activate, derivativeFromOutput } from "../reference/activation";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";
import { extremesOf } from "./sizes";

function gradientCase(
  activation: Activation,
  count: "rows" | "samples",
  rows: number,
  width: number,
): KernelCase {
  return kernelCase(`activationGradient: ${activation}, ${rows} ${count} of ${width}`, async (device) => {
    const z = randomValues(rows * width, 1, 3);
    z.set(extremesOf(activation).slice(0, z.length));
    const y = z.map((value) => activate(activation, value));
    const dy = randomValues(rows * width, 2);
    const actual = await runKernel(device, activationGradient(activation, width, count), {
      sizes: { [count]: rows },
      inputs: { y },
      outputs: { dy },
    });
    const expected = Float64Array.from(dy, (d, i) => d * derivativeFromOutput(activation, y[i]));
    assertOutputs(actual, { dy: expected }, kernelTolerance(1));
  });
}

export const cases: KernelCase[] = activations.flatMap((activation) => [
  gradientCase(activation, "rows", 13, 5),
  gradientCase(activation, "samples", 1, 1),
  gradientCase(activation, "samples", 127, 3),
]);

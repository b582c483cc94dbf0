import { activate, activateSize } from "../../src/kernels/activate";
import { activations, type Activation } from "../../src/kernels/shared/activation";
import { activate as twin } from "../reference/activation";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, invocations, kernelCase, runKernel, type KernelCase } from "./harness";
import { extremesOf } from "./sizes";

function activateCase(activation: Activation, outputs: number, width: number): KernelCase {
  return kernelCase(`activate: ${activation}, ${outputs} of ${width}, ±1e4 among them`, async (device) => {
    const values = randomValues(outputs * width, 1, 3);
    values.set(extremesOf(activation).slice(0, values.length));
    const actual = await runKernel(device, activate(activation, width), {
      sizes: { outputs },
      outputs: { y: values },
      grid: invocations(outputs * width, activateSize),
    });
    const expected = Array.from(values, (value) => twin(activation, value));
    // Unlike the largest of them, the small ones show lost digits.
    const small = expected.map((value) => (Math.abs(value) <= 1 ? value : 0));
    assertOutputs(
      { y: actual.y.map((value) => (Math.abs(value) <= 1 ? value : 0)) },
      { y: small },
      kernelTolerance(1),
    );
    assertOutputs(actual, { y: expected }, kernelTolerance(1));
  });
}

export const cases: KernelCase[] = activations.flatMap((activation) => [
  activateCase(activation, 1, 1),
  activateCase(activation, 13, 5),
  activateCase(activation, 127, 1),
]);

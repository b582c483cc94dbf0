import { activate } from "../../src/kernels/activate";
import { activations, type Activation } from "../../src/kernels/shared/activation";
import { activate as twin } from "../reference/activation";
import { assertTrue } from "../support/assert";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";
import { extremesOf } from "./sizes";

function activateCase(activation: Activation, outputs: number, width: number): KernelCase {
  return kernelCase(`activate: ${activation}, ${outputs} of ${width}, ±1e4 among them`, async (device) => {
    const values = randomValues(outputs * width, 1, 3);
    values.set(extremesOf(activation).slice(0, values.length));
    const actual = await runKernel(device, activate(activation, width), {
      sizes: { outputs },
      outputs: { y: values },
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

/** Every single value to seven digits, however small: a net's first states are. */
function digitsCase(activation: Activation): KernelCase {
  return kernelCase(`activate: ${activation}, small values to their last digits`, async (device) => {
    const outputs = 800;
    const values = Float32Array.from({ length: outputs }, (_, i) => (i % 2 ? 1 : -1) * 10 ** (i / 100 - 7));
    const actual = await runKernel(device, activate(activation, 1), {
      sizes: { outputs },
      outputs: { y: values },
    });
    const errors = Array.from(values, (value, i) => {
      const expected = twin(activation, value);
      return expected === 0 ? 0 : Math.abs(actual.y[i] / expected - 1);
    });
    const largest = errors.reduce((a, b) => Math.max(a, b));
    assertTrue(largest < 1e-6, `expected an error below 1e-6 of each value, got ${largest}`);
  });
}

const keepDigits: Activation[] = ["tanh", "sigmoid", "relu", "softsign", "exponential"];

export const cases: KernelCase[] = activations.flatMap((activation) => [
  ...(keepDigits.includes(activation) ? [digitsCase(activation)] : []),
  activateCase(activation, 1, 1),
  activateCase(activation, 13, 5),
  activateCase(activation, 127, 1),
]);

import { describe, expect, test } from "vitest";
import { activations } from "../../src/kernels/shared/activation";
import { assertClose } from "../support/assert";
import { tolerances } from "../support/tolerances";
import { activate, derivativeFromOutput, pointwiseActivations } from "./activation";

/** No kink lies within a central difference's step of these. */
const points = [-7.3, -3.1, -2.4, -1.2, -0.7, -0.05, 0.05, 0.6, 1.3, 2.4, 3.2, 5.5, 7.1];

describe("activations of the float64 twin", () => {
  test("they are the engine's", () => {
    expect([...pointwiseActivations].sort()).toEqual([...activations].sort());
  });

  for (const name of pointwiseActivations) {
    test(`${name}: the derivative from the output against central differences`, () => {
      const step = 1e-5;
      const numeric = points.map((x) => (activate(name, x + step) - activate(name, x - step)) / (2 * step));
      const analytic = points.map((x) => derivativeFromOutput(name, activate(name, x)));
      assertClose(analytic, numeric, tolerances.centralDifferences, name);
    });
  }

  /** Worked out from Keras's definitions: leaky_relu has the slope 0.2, hard_sigmoid a sixth. */
  const byHand: Record<string, readonly (readonly [x: number, y: number])[]> = {
    linear: [[-2, -2]],
    tanh: [[Math.log(2), 0.6]],
    relu: [
      [-2, 0],
      [3, 3],
    ],
    sigmoid: [
      [Math.log(3), 0.75],
      [-Math.log(3), 0.25],
    ],
    hardSigmoid: [
      [1.5, 0.75],
      [-3, 0],
      [4, 1],
    ],
    hardSigmoidKeras2: [
      [1, 0.7],
      [-2.5, 0],
      [3, 1],
    ],
    hardTanh: [
      [0.5, 0.5],
      [-2, -1],
      [2, 1],
    ],
    relu6: [
      [-1, 0],
      [5, 5],
      [8, 6],
    ],
    leakyRelu: [
      [-2, -0.4],
      [2, 2],
    ],
    elu: [
      [-Math.log(2), -0.5],
      [2, 2],
    ],
    selu: [
      [-Math.log(2), -1.7580993408473766 / 2],
      [2, 2.101401974710961],
    ],
    softplus: [
      [0, Math.log(2)],
      [800, 800],
      [-800, 0],
    ],
    softsign: [
      [3, 0.75],
      [-1, -0.5],
    ],
    exponential: [[Math.log(5), 5]],
  };
  for (const name of pointwiseActivations) {
    test(`${name}: values by hand`, () => {
      const pairs = byHand[name];
      assertClose(
        pairs.map(([x]) => activate(name, x)),
        pairs.map(([, y]) => y),
        1e-14,
        name,
      );
    });
  }
});

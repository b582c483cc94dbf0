import { describe, test } from "vitest";
import { assertClose, assertEqual } from "../support/assert";
import type { OptimizerDescription } from "../support/layers";
import { clipGradients, referenceOptimizer } from "./optimizer";

/** Steps on one weight that starts at 1, with the gradients given; worked out by hand. */
function run(description: OptimizerDescription, gradients: number[]): { weight: number; slots: number[] } {
  const weights = [Float64Array.of(1)];
  const optimizer = referenceOptimizer(description, [1]);
  for (const gradient of gradients) optimizer.step(weights, [Float64Array.of(gradient)]);
  return { weight: weights[0][0], slots: optimizer.slots().map((slot) => slot[0]) };
}

const sgd = { type: "sgd", learningRate: 0.1, momentum: 0, nesterov: false } as const;

describe("float64 optimizers, by hand", () => {
  test("sgd", () => {
    assertClose([run(sgd, [2, -1]).weight], [1 - 0.2 + 0.1], 1e-15, "weight");
    assertEqual(run(sgd, [2]).slots, [], "slots");
  });

  test("sgd with momentum: m = 0.5·m - lr·g", () => {
    const { weight, slots } = run({ ...sgd, momentum: 0.5 }, [2, -1]);
    assertClose(slots, [0.5 * -0.2 + 0.1], 1e-15, "momentum");
    assertClose([weight], [1 - 0.2 + 0], 1e-15, "weight");
  });

  test("sgd with Nesterov: w += 0.5·m - lr·g", () => {
    const { weight } = run({ ...sgd, momentum: 0.5, nesterov: true }, [2, -1]);
    assertClose([weight], [1 + (-0.1 - 0.2) + (0 + 0.1)], 1e-15, "weight");
  });

  test("rmsprop: epsilon is inside the root, and an untouched weight's slot decays", () => {
    const rmsprop = {
      type: "rmsprop",
      learningRate: 0.1,
      rho: 0.9,
      momentum: 0,
      epsilon: 0.1,
      centered: false,
    } as const;
    const { weight, slots } = run(rmsprop, [2, 0]);
    assertClose(slots, [0.9 * 0.4], 1e-15, "velocity");
    assertClose([weight], [1 - 0.2 / Math.sqrt(0.4 + 0.1)], 1e-15, "weight");
  });

  test("adam: the first step is the learning rate, whatever the gradient", () => {
    const adam = {
      type: "adam",
      learningRate: 0.1,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 0,
      amsgrad: false,
    } as const;
    assertClose([run(adam, [1234]).weight], [0.9], 1e-12, "weight");
  });

  test("nadam: two steps", () => {
    const nadam = {
      type: "nadam",
      learningRate: 0.1,
      beta1: 0.5,
      beta2: 0.75,
      epsilon: 0.1,
    } as const;
    const { weight, slots } = run(nadam, [2, -1]);
    // u1 = 0.5·0.52 = 0.26, u2 = 0.5·0.5392 = 0.2696, u3 = 0.5·0.557632 = 0.278816.
    const first = (0.2696 * 1) / (1 - 0.070096) + (0.74 * 2) / 0.74;
    const second = 0 / 1 + (0.7304 * -1) / (1 - 0.070096);
    assertClose(slots, [0, 1], 1e-15, "momentum 1 - 1, velocity 1·3/4 + 1/4");
    const expected = 1 - (0.1 * first) / (2 + 0.1) - (0.1 * second) / (Math.sqrt(1 / 0.4375) + 0.1);
    assertClose([weight], [expected], 1e-14, "weight");
  });

  test("nadam: each step looks ahead with the next one's momentum", () => {
    const nadam = { type: "nadam", learningRate: 1, beta1: 0.5, beta2: 0, epsilon: 0 } as const;
    const steps = [1, 2].map(
      (count) =>
        run(
          nadam,
          Array.from({ length: count }, () => 4),
        ).weight,
    );
    // g = 4: v = 16 throughout, m = 2 and then 3; a step is ((u·m)/(1 - Π) + g)/4 with the next Π, then the same.
    const [pi2, pi3] = [0.26 * 0.2696, 0.26 * 0.2696 * 0.278816];
    const first = (0.2696 * 2) / (1 - pi2) / 4 + 0.74 / (1 - 0.26);
    const second = (0.278816 * 3) / (1 - pi3) / 4 + (1 - 0.2696) / (1 - pi2);
    assertClose(steps, [1 - first, 1 - first - second], 1e-14, "weights");
  });

  test("weight decay comes before the step, at the learning rate", () => {
    assertClose([run({ ...sgd, weightDecay: 0.5 }, [2]).weight], [1 - 0.05 - 0.2], 1e-15, "weight");
  });

  test("clipping: by norm, else by global norm, else by value", () => {
    const gradients = [Float64Array.of(3, 4), Float64Array.of(0.3)];
    const clip = (options: object): number[][] =>
      clipGradients(gradients, { ...sgd, ...options }).map((gradient) => [...gradient]);
    assertClose(clip({ clipnorm: 1, clipvalue: 0.1 }).flat(), [0.6, 0.8, 0.3], 1e-15, "clipnorm");
    assertEqual(clip({ clipvalue: 0.5 }), [[0.5, 0.5], [0.3]], "clipvalue");
    const factor = 1 / Math.sqrt(25.09);
    assertClose(clip({ globalClipnorm: 1 }).flat(), [3 * factor, 4 * factor, 0.3 * factor], 1e-15, "global");
    assertEqual(clip({ globalClipnorm: 100 }), [[3, 4], [0.3]], "global, not reached");
  });
});

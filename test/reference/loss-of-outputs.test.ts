import { test } from "vitest";
import { assertClose } from "../support/assert";
import { tolerances } from "../support/tolerances";
import { binaryCrossentropyOfOutputs, sparseCategoricalCrossentropyOfOutputs } from "./loss-of-outputs";
import type { LossResult } from "./loss";

const weighting = { weights: [0.5, 2, 1] };

function check(at: readonly number[], f: (outputs: ArrayLike<number>) => LossResult): void {
  const step = 1e-6;
  const numeric = at.map((value, i) => {
    const above = f(at.with(i, value + step)).loss;
    const below = f(at.with(i, value - step)).loss;
    return (above - below) / (2 * step);
  });
  assertClose(f(at).gradient, numeric, tolerances.centralDifferences, "gradient");
}

test("binary cross-entropy of probabilities against central differences, clipped ones too", () => {
  check([0.2, 0.9, 1.5], (p) => binaryCrossentropyOfOutputs(p, [1, 0.3, 0], weighting));
  assertClose([binaryCrossentropyOfOutputs([0], [1]).loss], [-Math.log(1e-7)], 1e-12, "clipped");
});

test("sparse categorical cross-entropy of outputs against central differences", () => {
  const outputs = [0.2, 0.5, 0.1, 0.9, 0.3, 0.4];
  check(outputs, (p) => sparseCategoricalCrossentropyOfOutputs(p, [1, 0, 1], 2, weighting));
});

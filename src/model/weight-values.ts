import { invalid } from "../runtime/errors";
import { elements } from "../runtime/tensor";
import type { Architecture, WeightPlan } from "./architecture";
import { Random } from "./random";
import type { NamedWeight } from "./weights";

/** Number of values of all weights together. */
export function countOf(weights: readonly { shape: readonly number[] }[]): number {
  return weights.reduce((sum, { shape }) => sum + elements(shape), 0);
}

/** All weights of a model, in Keras's order. */
export function plansOf({ layers }: Architecture): WeightPlan[] {
  return layers.flatMap(({ weights }) => weights);
}

/** Values in Keras's order, with Keras's names. */
export function namedWeights(
  plans: readonly { name: string; shape: readonly number[] }[],
  values: readonly Float32Array[],
): NamedWeight[] {
  return plans.map(({ name, shape }, i) => ({ name, shape, data: values[i] }));
}

/** Says which value is no finite number, if any. */
export function checkFinite(
  name: string,
  values: Float32Array,
  fail: (expected: string, got: string) => never,
): void {
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) fail(`finite values for ${name}`, `${values[wrong]} in place ${wrong}`);
}

/** Initial weights, in Keras's order. */
export function drawWeights({ layers }: Architecture, seed: number): Float32Array[] {
  const random = new Random(seed);
  return layers.flatMap(({ weights }) =>
    weights.map(({ shape, initializer }) => initializer.create(shape, random)),
  );
}

/**
 * Checks weights against what a model has, and copies them.
 *
 * @throws {InvalidInputError} a wrong number of weights, a wrong name or length, a value that is not finite.
 */
export function checkedWeights(
  weights: readonly (NamedWeight | ArrayLike<number>)[],
  plans: readonly { name: string; shape: readonly number[] }[],
  where = "setWeights",
): Float32Array[] {
  const fail = (expected: string, got: string): never => {
    throw invalid(where, expected, got, "pass what getWeights() of a model of the same layers returned");
  };
  if (weights.length !== plans.length) {
    fail(`${plans.length} weights (${plans.map(({ name }) => name).join(", ")})`, `${weights.length}`);
  }
  return plans.map(({ name, shape }, i) => {
    const weight = weights[i];
    const named = "data" in weight;
    const data = named ? weight.data : weight;
    if (named && weight.name !== name) fail(`${name} as weight ${i}`, weight.name);
    if (data.length !== elements(shape)) {
      fail(`${elements(shape)} values for ${name} [${shape.join(", ")}]`, `${data.length}`);
    }
    const values = Float32Array.from(data);
    checkFinite(name, values, fail);
    return values;
  });
}

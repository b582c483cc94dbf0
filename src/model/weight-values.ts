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

/** Initial weights, in Keras's order. */
export function drawWeights({ layers }: Architecture, seed: number): Float32Array[] {
  const random = new Random(seed);
  return layers.flatMap(({ weights }) =>
    weights.map(({ shape, initializer }) => initializer.create(shape, random)),
  );
}

/**
 * Checks weights, or other values that belong to a model, against what it has, and copies them.
 *
 * @param what they are, in the singular
 * @param source what gives them
 * @throws {InvalidInputError} a wrong number of weights, a wrong name or length, a value that is not finite.
 */
export function checkedWeights(
  weights: readonly (NamedWeight | ArrayLike<number>)[],
  plans: readonly { name: string; shape: readonly number[] }[],
  where = "setWeights",
  what = "weight",
  source = "getWeights() of a model of the same layers",
): Float32Array[] {
  const fail = (expected: string, got: string | number): never => {
    throw invalid(where, expected, String(got), `pass what ${source} returned`);
  };
  if (weights.length !== plans.length) {
    fail(`${plans.length} ${what}s (${plans.map(({ name }) => name).join(", ")})`, weights.length);
  }
  return plans.map(({ name, shape }, i) => {
    const weight = weights[i];
    if ("data" in weight && weight.name !== name) fail(`${name} as ${what} ${i}`, weight.name);
    const values = Float32Array.from(dataOf(weight));
    if (values.length !== elements(shape)) {
      fail(`${elements(shape)} values for ${name} [${shape.join(", ")}]`, values.length);
    }
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) fail(`finite values for ${name}`, `${values[wrong]} in place ${wrong}`);
    return values;
  });
}

/** The values of a weight that has a name, or of one that has none. */
export function dataOf(weight: NamedWeight | ArrayLike<number>): ArrayLike<number> {
  return "data" in weight ? weight.data : weight;
}

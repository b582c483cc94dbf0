import { assertClose } from "../support/assert";
import { randomValues } from "../support/random";
import { tolerances } from "../support/tolerances";

/** The derivative of `f` by every element of `x`, by central differences. */
export function numericGradient(f: (x: Float64Array) => number, x: ArrayLike<number>): Float64Array {
  const step = 1e-5;
  const point = Float64Array.from(x);
  return point.map((value, i) => {
    point[i] = value + step;
    const above = f(point);
    point[i] = value - step;
    const below = f(point);
    point[i] = value;
    return (above - below) / (2 * step);
  });
}

/** A scalar of an array that weighs every element differently. */
export function dot(values: ArrayLike<number>, weights: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * weights[i];
  return sum;
}

/** Asymmetric random numbers in float64. */
export function doubles(length: number, seed: number, scale = 1): Float64Array {
  return Float64Array.from(randomValues(length, seed, scale));
}

/** Fails unless `gradient` is the derivative of `f` at `x`. */
export function assertGradient(
  gradient: ArrayLike<number>,
  f: (x: Float64Array) => number,
  x: ArrayLike<number>,
  label: string,
): void {
  assertClose(gradient, numericGradient(f, x), tolerances.centralDifferences, label);
}

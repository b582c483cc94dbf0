/** The middle of several measurements, and how far they lie apart. */
export interface Summary {
  median: number;
  least: number;
  most: number;
  rounds: number;
}

/** @param values at least one */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0], most: sorted[sorted.length - 1], rounds: sorted.length };
}

/** The largest absolute difference; infinite where the lengths differ or a value is not a number. */
export function largestDifference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Infinity;
  return a.reduce((most, value, i) => {
    const difference = Math.abs(value - b[i]);
    return Number.isNaN(difference) ? Infinity : Math.max(most, difference);
  }, 0);
}

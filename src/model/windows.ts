/** A window of the steps of a sample that no kernel can bind whole. */
export interface Window {
  /** Its first step. */
  first: number;
  steps: number;
}

/**
 * Cuts steps into an odd number of windows, as equal as can be with as many steps in each as in its counterpart from the
 * other end: so those of a layer that reads backwards are the same ones.
 */
export function cutWindows(steps: number, count: number): Window[] {
  const most = Math.ceil(steps / count);
  const outer: number[] = [];
  let middle = steps;
  while (outer.length < (count - 1) / 2) {
    const one = Math.min(most, Math.floor(middle / 2));
    outer.push(one);
    middle -= 2 * one;
  }
  let first = 0;
  return [...outer, middle, ...outer.toReversed()].map((own) => ({
    first: (first += own) - own,
    steps: own,
  }));
}

/** The next larger number of windows. */
export const moreWindows = (count: number): number => (count === 1 ? 3 : 2 * count - 1);

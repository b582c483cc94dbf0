import type { Measurement } from "./measure";
import type { ScaleSizes } from "./points";

export type Case = "train" | "forward";

/** A point as the model of cost sees it. */
export type ModelPoint = Pick<Measurement, "dispatches" | "tokens" | "distinct" | "parameters"> & {
  sizes: ScaleSizes;
};

/** A part of the time that grows with one quantity of physical meaning. */
interface Term {
  /** What it is proportional to. */
  name: string;
  amount: (point: ModelPoint, which: Case) => number;
  /** A forward pass has no such part. */
  trainOnly?: true;
}

const terms: Record<string, Term> = {
  dispatch: {
    name: "dispatches, with uploads and read-backs",
    amount: ({ dispatches }, which) => dispatches[which],
  },
  latency: { name: "T: one step after another", amount: ({ sizes }) => sizes.steps },
  chain: {
    name: "T·U²: one sample's products, one step after another",
    amount: ({ sizes }) => sizes.steps * sizes.units ** 2,
  },
  token: { name: "tokens", amount: ({ tokens }) => tokens },
  state: { name: "tokens·U: states and gathered rows", amount: ({ tokens, sizes }) => tokens * sizes.units },
  recurrence: {
    name: "tokens·U²: the recurrent products",
    amount: ({ tokens, sizes }) => tokens * sizes.units ** 2,
  },
  projection: {
    name: "distinct tokens·E·U: the input's products",
    amount: ({ distinct, sizes }) => distinct * sizes.width * sizes.units,
  },
  parameter: { name: "weights: the optimizer", amount: ({ parameters }) => parameters, trainOnly: true },
};

/** Milliseconds for each unit of each term; terms that would be negative are left out. */
export interface CostModel {
  which: Case;
  terms: { term: string; name: string; milliseconds: number }[];
}

/**
 * Fits the terms to measured times: least squares of the relative deviations, every coefficient above zero (the term
 * that would be the most negative is left out, until none is).
 */
export function fitCostModel(
  which: Case,
  points: readonly ModelPoint[],
  times: readonly number[],
): CostModel {
  let keys = Object.keys(terms).filter((key) => which === "train" || !terms[key].trainOnly);
  for (;;) {
    const rows = points.map((point, i) => keys.map((key) => terms[key].amount(point, which) / times[i]));
    const coefficients = leastSquares(
      rows,
      rows.map(() => 1),
    );
    // Scaled to the share of the time that the term takes at its largest: amounts differ by orders of magnitude.
    const shares = coefficients.map((value, k) => value * Math.max(...rows.map((row) => row[k])));
    const worst = shares.indexOf(Math.min(...shares));
    if (keys.length === 0 || shares[worst] > 0) {
      return {
        which,
        terms: keys.map((key, k) => ({ term: key, name: terms[key].name, milliseconds: coefficients[k] })),
      };
    }
    keys = keys.filter((_, k) => k !== worst);
  }
}

/** Milliseconds by the model. */
export function modelled({ which, terms: fitted }: CostModel, point: ModelPoint): number {
  return fitted.reduce(
    (sum, { term, milliseconds }) => sum + milliseconds * terms[term].amount(point, which),
    0,
  );
}

/**
 * The x that minimises |A·x - b|², by the normal equations with columns scaled to length 1. Columns that the
 * others already span get 0.
 */
export function leastSquares(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const columns = a[0]?.length ?? 0;
  const norms = Array.from({ length: columns }, (_, k) => Math.hypot(...a.map((row) => row[k])) || 1);
  const scaled = a.map((row) => row.map((value, k) => value / norms[k]));
  const normal = Array.from({ length: columns }, (_, i) => [
    ...Array.from({ length: columns }, (_, j) => scaled.reduce((sum, row) => sum + row[i] * row[j], 0)),
    scaled.reduce((sum, row, n) => sum + row[i] * b[n], 0),
  ]);
  return solve(normal).map((value, k) => value / norms[k]);
}

/** Below this a pivot of a matrix with ones on its diagonal is rounding. */
const smallestPivot = 1e-10;

/** Gauss-Jordan with pivots from the diagonal, which suits symmetric positive matrices. Changes its argument. */
function solve(rows: number[][]): number[] {
  const n = rows.length;
  const used = new Set<number>();
  for (let step = 0; step < n; step++) {
    let pivot = -1;
    for (let i = 0; i < n; i++) {
      if (!used.has(i) && (pivot < 0 || rows[i][i] > rows[pivot][pivot])) pivot = i;
    }
    if (rows[pivot][pivot] < smallestPivot) break;
    used.add(pivot);
    for (let i = 0; i < n; i++) {
      if (i === pivot) continue;
      const factor = rows[i][pivot] / rows[pivot][pivot];
      for (let j = 0; j <= n; j++) rows[i][j] -= factor * rows[pivot][j];
    }
  }
  return rows.map((row, i) => (used.has(i) ? row[n] / row[i] : 0));
}

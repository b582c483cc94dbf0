/** The two values of T whose times per token are set against each other. */
export const comparedSteps = [500, 5000] as const;

/** What a point of a curve is about: V, E, U, B and T. */
export interface ScaleSizes {
  vocabulary: number;
  width: number;
  units: number;
  batchSize: number;
  steps: number;
}

/** The size that a curve changes. */
export type CurveName = "steps" | "batchSize" | "units" | "vocabulary";

/** Random rows are full of tokens that are all as likely; reviews are ragged and repeat their common words. */
export const rowKinds = ["random", "review-like"] as const;
export type RowKind = (typeof rowKinds)[number];

/** Which points there are. */
export interface ScalePlan {
  /** The sizes that hold where a curve changes another one. */
  seed: ScaleSizes;
  /** In the order in which they are measured: what is the slowest comes last. */
  curves: Readonly<Record<CurveName, readonly number[]>>;
  /** Seconds that a point should take at most; a single step that takes longer is not interrupted. */
  seconds: number;
  /** Seconds after which no further point is begun. */
  total: number;
  /** Milliseconds that a point's training should take, and its forward passes, where a step is short. */
  turn: number;
}

export const fullPlan: ScalePlan = {
  seed: { vocabulary: 10_000, width: 32, units: 32, batchSize: 128, steps: 500 },
  curves: {
    steps: [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000],
    batchSize: [1, 4, 16, 64, 128, 256, 512, 1024, 2048, 4096],
    vocabulary: [1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000],
    units: [8, 16, 32, 64, 128, 256, 512, 1024],
  },
  seconds: 20,
  total: 540,
  turn: 700,
};

/** Whether everything runs, not how fast. */
export const quickPlan: ScalePlan = {
  seed: { vocabulary: 300, width: 8, units: 8, batchSize: 8, steps: 20 },
  curves: { steps: [10, 20, 40], batchSize: [4, 8], units: [4, 8], vocabulary: [100, 300] },
  seconds: 5,
  total: 100,
  turn: 20,
};

/** Multiplications and additions of the recurrence in a training step: forward once, backward twice. */
export function recurrentWork({ units, batchSize, steps }: ScaleSizes): number {
  return 6 * units * units * batchSize * steps;
}

/** How large a point may be. */
export interface Limits {
  /** Recurrent multiplications and additions of a training step. */
  work: number;
  /** Elements of the stored states. */
  states: number;
}

/** The sizes that may be halved on a curve, one after the other, and how far. */
const halved: Readonly<Record<CurveName, readonly (readonly ["steps" | "batchSize", number])[]>> = {
  steps: [["batchSize", 8]],
  batchSize: [["steps", 16]],
  units: [
    ["steps", 16],
    ["batchSize", 8],
  ],
  vocabulary: [["steps", 16]],
};

/**
 * The sizes of a curve's point within the limits. Where they are too much, the batch becomes smaller on the curve over
 * T, and T on all others, over U then the batch too: by halves, and never below 8 samples or 16 steps. The seed itself,
 * and the two values of T that are compared, take the time that they take.
 */
export function sizesWithin(
  curve: CurveName,
  value: number,
  seed: ScaleSizes,
  { work, states }: Limits,
): ScaleSizes {
  const sizes = { ...seed, [curve]: value };
  const whole =
    value === seed[curve] || (curve === "steps" && comparedSteps.some((steps) => steps === value));
  const fits = (): boolean =>
    (whole || recurrentWork(sizes) <= work) && sizes.batchSize * (sizes.steps + 1) * sizes.units <= states;
  for (const [name, least] of halved[curve]) {
    while (!fits() && sizes[name] > least) sizes[name] = Math.max(least, sizes[name] >> 1);
  }
  return sizes;
}

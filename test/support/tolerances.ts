import type { Tolerance } from "./assert";

/** Distance from 1 to the next float32. */
export const float32Epsilon = 2 ** -23;

/**
 * A float32 sum of `terms` products against float64: each addition rounds by half an ulp of a
 * partial sum, errors add like a random walk, and partial sums may exceed the result. Eight
 * times the square root leaves room for both; the last ulps cover exp and division.
 *
 * @param terms length of the longest accumulated sum (for a scan: T·U, for a gradient: B·T)
 */
export function kernelTolerance(terms: number): Tolerance {
  const relative = float32Epsilon * (8 * Math.sqrt(Math.max(1, terms)) + 8);
  return { absolute: 1e-7, relative };
}

/**
 * Golden files state how far Keras's own float32 is from a float64 rerun; another order of
 * sums lands within ten times that. One float32 ulp of the value is added, because a stated
 * error of 0 (they occur) only says that this one run was lucky.
 */
export function goldenTolerance(float32Error: number): Tolerance {
  return { absolute: 10 * float32Error + 1e-7, relative: float32Epsilon };
}

/**
 * Goldens state no error for gradients. Float32 reaches 1.1e-6 of the norm where the run is well
 * conditioned; where the stated error of the losses is larger (scaled-up weights), the derivative of
 * that loss is known no better than the loss. Ten times either, from the gradient in float64.
 */
export function goldenGradientTolerance(float32Error: { losses: number }): Tolerance {
  return { absolute: 1e-7, relative: Math.max(1.1e-5, 10 * float32Error.losses) };
}

/** Named tolerances, each with its reason. */
export const tolerances = {
  /** Analytic derivatives against central differences in float64: step 1e-5, so error ~1e-10 plus rounding. */
  centralDifferences: { absolute: 1e-9, relative: 1e-7 },
  /** A float64 twin against PyTorch in float64: only the order of sums differs, over ten steps of training. */
  float64: { absolute: 1e-11, relative: 1e-10 },
  /** The same where the file stores the float64 result as float32, as the IMDB run does. */
  float64Stored32: { absolute: 1e-11, relative: float32Epsilon },
  /** Gradients of the goldens carry no stated error: float32 reaches 1.1e-6 of the norm, ten times that. */
  goldenGradients: { absolute: 1e-7, relative: 1.1e-5 },
  /** Optimizer variables are sums of gradients, or of their squares: the gradient's error twice. */
  goldenOptimizer: { absolute: 1e-7, relative: 2.2e-5 },
  /** Layer outputs under the initial weights: as predictions, of magnitude one, over nine steps. */
  goldenActivations: { absolute: 1e-6, relative: 1e-6 },
  /** `fit` goldens state no error; six to nine updates of rate 0.01 leave float32 within 1e-6 of magnitude one. */
  goldenFit: { absolute: 1e-5, relative: 1e-5 },
  /** Random nets of up to three layers and fourteen steps: as the gradients of the goldens, and near zero by ulps of 1. */
  randomNets: { absolute: 1e-6, relative: 1.1e-5 },
  /** The reference runs state what PyTorch's float32 reaches; an engine should land within ten times that. */
  referenceLogits: { absolute: 4e-6, relative: 0 },
  referenceHidden: { absolute: 4e-6, relative: 0 },
  referenceGradients: { absolute: 0, relative: 1.1e-5 },
  referenceLosses: { absolute: 0, relative: 1.2e-6 },
  referenceFinal: { absolute: 2.1e-6, relative: 0 },
  /** The IMDB run: 500 steps deep, ten updates of sqrt-normalised gradients amplify rounding. */
  referenceImdbLosses: { absolute: 0, relative: 6e-4 },
  referenceImdbFinal: { absolute: 2e-3, relative: 0 },
} as const satisfies Record<string, Tolerance>;

import type { Activation } from "../../src/kernels/shared/activation";

/** Sizes on which an off-by-one shows: one, primes, just off the tiles of 4, 32, 64 and 256. */
export const batchSizes = [1, 2, 5, 127] as const;
export const widths = [1, 3, 4, 5, 31, 32, 33, 64, 65] as const;
/** Beyond the narrow scan's reach and beyond one lane per unit. */
export const wideUnits = [...widths, 127, 129, 257] as const;
/** Fewer units than these a layer never has in tiles. */
export const tiledUnits = wideUnits.filter((units) => units > 32);
export const timeSteps = [1, 2, 37] as const;
/** Narrow kernels keep whole matrices in registers; the larger they are, the longer they take to compile. */
export const narrowWidths = [1, 3, 4, 5, 31, 32, 33] as const;

/**
 * Inputs of an activation from where a naive form overflows, loses all digits, or is exact, and where a
 * piece of it ends.
 */
export function extremesOf(activation: Activation): readonly number[] {
  const extremes = [0, 1e-4, -1e-4, 1, -1, 2.5, -2.5, 3, -3, 6, 9, -9, -44, -88.8, -1e4, 44, 88.8, 1e4];
  // Beyond, exp gives what float32 does not hold, or only with fewer digits.
  return activation === "exponential" ? extremes.filter((x) => x <= 9) : extremes;
}

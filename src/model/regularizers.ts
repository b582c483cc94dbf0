import { invalid } from "../runtime/errors";
import { checkAmount, knownOptions } from "./checks";

/** What a weight adds to the loss: Σ l1·|w| + l2·w². */
export interface Regularizer {
  readonly l1: number;
  readonly l2: number;
}

/** A regulariser made by `l2(0.01)` and the like, or the name of one with Keras's defaults: `"l1"`, `"l2"`. */
export type RegularizerOption = "l1" | "l2" | Regularizer;

/**
 * Adds factor · Σ|w| to the loss.
 *
 * @param factor at least 0. Default 0.01
 * @throws {InvalidInputError} a negative factor.
 * @example
 * dense(1, { kernelRegularizer: l1(0.001) })
 * @see https://keras.io/api/layers/regularizers/
 */
export function l1(factor = 0.01): Regularizer {
  return checked("l1", { l1: factor, l2: 0 });
}

/**
 * Adds factor · Σw² to the loss.
 *
 * @param factor at least 0. Default 0.01
 * @throws {InvalidInputError} a negative factor.
 * @example
 * lstm(32, { kernelRegularizer: l2(1e-4), recurrentRegularizer: l2(1e-4) })
 * @see https://keras.io/api/layers/regularizers/
 */
export function l2(factor = 0.01): Regularizer {
  return checked("l2", { l1: 0, l2: factor });
}

/**
 * Adds l1 · Σ|w| + l2 · Σw² to the loss.
 *
 * @throws {InvalidInputError} a negative factor, an unknown option.
 * @example
 * embedding(10_000, 32, { embeddingsRegularizer: l1l2({ l1: 1e-5, l2: 1e-4 }) })
 * @see https://keras.io/api/layers/regularizers/
 */
export function l1l2(options: { l1?: number; l2?: number } = {}): Regularizer {
  knownOptions("l1l2", options, ["l1", "l2"]);
  return checked("l1l2", { l1: options.l1 ?? 0, l2: options.l2 ?? 0 });
}

/** The regulariser of an option. */
export function regularizer(option: RegularizerOption, where: string, key: string): Regularizer {
  if (option === "l1") return l1();
  if (option === "l2") return l2();
  if (typeof option === "object" && option !== null) return l1l2(option);
  throw invalid(where, `${key} as "l1", "l2" or an object`, String(option), "pass l2(0.01) and the like");
}

function checked(where: string, factors: Regularizer): Regularizer {
  for (const [name, value] of Object.entries(factors)) checkAmount(where, name, value);
  return factors;
}

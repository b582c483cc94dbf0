import { invalid } from "../runtime/errors";
import { checkAmount, checkOption, isAmount, withDefaults } from "./checks";
import type { LearningRateSchedule } from "./learning-rate-schedule";

/**
 * initialLearningRate · decayRate^(step / decaySteps).
 *
 * @param decaySteps optimizer steps in which the rate becomes `decayRate` times as large
 * @param options.staircase take step / decaySteps without its fraction. Default `false`
 * @throws {InvalidInputError} steps of 0 or fewer, a negative number, an unknown option.
 * @example
 * rmsprop({ learningRate: exponentialDecay(0.01, 1000, 0.9) })
 * @see https://keras.io/api/optimizers/learning_rate_schedules/exponential_decay/
 */
export function exponentialDecay(
  initialLearningRate: number,
  decaySteps: number,
  decayRate: number,
  options: { staircase?: boolean } = {},
): LearningRateSchedule {
  const required = { initialLearningRate, decaySteps, decayRate };
  return schedule("ExponentialDecay", required, options, { staircase: false });
}

/**
 * values[0] up to and including step boundaries[0], then values[1] up to boundaries[1], …, and the last value beyond.
 *
 * @param boundaries optimizer steps, ascending
 * @param values learning rates, one more than there are boundaries
 * @throws {InvalidInputError} other numbers of values, boundaries that do not ascend, a negative number.
 * @example
 * sgd({ learningRate: piecewiseConstantDecay([1000, 2000], [0.1, 0.05, 0.01]) })
 * @see https://keras.io/api/optimizers/learning_rate_schedules/piecewise_constant_decay/
 */
export function piecewiseConstantDecay(
  boundaries: readonly number[],
  values: readonly number[],
): LearningRateSchedule {
  const where = "piecewiseConstantDecay";
  if (values.length !== boundaries.length + 1 || boundaries.length === 0) {
    const got = `${values.length} for ${boundaries.length}`;
    const remedy = "pass the rate before each boundary, and the one after the last";
    throw invalid(where, "one value more than boundaries", got, remedy);
  }
  if (boundaries.some((boundary, i) => i > 0 && !(boundary > boundaries[i - 1]))) {
    throw invalid(where, "boundaries in ascending order", boundaries.join(", "), "sort them");
  }
  [...boundaries, ...values].forEach((value, i) => {
    checkNumber(where, `number ${i}`, value);
  });
  return { className: "PiecewiseConstantDecay", boundaries: [...boundaries], values: [...values] };
}

/**
 * (initialLearningRate - endLearningRate) · (1 - step / decaySteps)^power + endLearningRate; constant after
 * `decaySteps`.
 *
 * @param options.endLearningRate default 0.0001
 * @param options.power default 1, a straight line
 * @param options.cycle start again from a smaller rate, with the next multiple of `decaySteps` as the end. Default `false`
 * @throws {InvalidInputError} steps of 0 or fewer, a negative number, an unknown option.
 * @example
 * adam({ learningRate: polynomialDecay(0.01, 10_000, { power: 0.5 }) })
 * @see https://keras.io/api/optimizers/learning_rate_schedules/polynomial_decay/
 */
export function polynomialDecay(
  initialLearningRate: number,
  decaySteps: number,
  options: { endLearningRate?: number; power?: number; cycle?: boolean } = {},
): LearningRateSchedule {
  const defaults = { endLearningRate: 0.0001, power: 1, cycle: false };
  return schedule("PolynomialDecay", { initialLearningRate, decaySteps }, options, defaults);
}

/**
 * initialLearningRate / (1 + decayRate · step / decaySteps).
 *
 * @param options.staircase take step / decaySteps without its fraction. Default `false`
 * @throws {InvalidInputError} steps of 0 or fewer, a negative number, an unknown option.
 * @example
 * sgd({ learningRate: inverseTimeDecay(0.1, 1, 0.5) })
 * @see https://keras.io/api/optimizers/learning_rate_schedules/inverse_time_decay/
 */
export function inverseTimeDecay(
  initialLearningRate: number,
  decaySteps: number,
  decayRate: number,
  options: { staircase?: boolean } = {},
): LearningRateSchedule {
  const required = { initialLearningRate, decaySteps, decayRate };
  return schedule("InverseTimeDecay", required, options, { staircase: false });
}

/**
 * Half a cosine from the initial rate to `alpha` times it in `decaySteps` steps (Loshchilov and Hutter, 2016). With
 * `warmupTarget`, first a straight line from `initialLearningRate` to it in `warmupSteps` steps (Goyal et al., 2017),
 * and the cosine goes down from there.
 *
 * @param options.alpha share of the rate that is left at the end. Default 0
 * @param options.warmupTarget default none: no warm-up
 * @param options.warmupSteps default 0
 * @throws {InvalidInputError} steps of 0 or fewer, a negative number, an unknown option.
 * @example
 * adam({ learningRate: cosineDecay(0, 10_000, { warmupTarget: 0.003, warmupSteps: 500 }) })
 * @see https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/
 */
export function cosineDecay(
  initialLearningRate: number,
  decaySteps: number,
  options: { alpha?: number; warmupTarget?: number | null; warmupSteps?: number } = {},
): LearningRateSchedule {
  const defaults = { alpha: 0, warmupTarget: null, warmupSteps: 0 };
  return schedule("CosineDecay", { initialLearningRate, decaySteps }, options, defaults);
}

/**
 * The cosine again and again: each period lasts `tMul` times as long as the one before, and begins at `mMul` times
 * its rate (Loshchilov and Hutter, 2016).
 *
 * @param firstDecaySteps optimizer steps of the first period
 * @param options.tMul at least 1. Default 2
 * @param options.mMul default 1
 * @param options.alpha share of the initial rate below which no rate falls. Default 0
 * @throws {InvalidInputError} steps of 0 or fewer, a negative number, `tMul` below 1, an unknown option.
 * @example
 * sgd({ learningRate: cosineDecayRestarts(0.1, 1000, { mMul: 0.8 }) })
 * @see https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay_restarts/
 */
export function cosineDecayRestarts(
  initialLearningRate: number,
  firstDecaySteps: number,
  options: { tMul?: number; mMul?: number; alpha?: number } = {},
): LearningRateSchedule {
  const defaults = { tMul: 2, mMul: 1, alpha: 0 };
  const made = schedule("CosineDecayRestarts", { initialLearningRate, firstDecaySteps }, options, defaults);
  const { tMul = 2 } = options;
  // Ever shorter periods come to an end, and there is no rate beyond it.
  checkOption(tMul >= 1, "cosineDecayRestarts", "tMul", "a number of at least 1", tMul);
  return made;
}

function schedule(
  className: LearningRateSchedule["className"],
  required: Readonly<Record<string, number>>,
  options: object,
  defaults: Readonly<Record<string, number | boolean | null>>,
): LearningRateSchedule {
  const where = className.replace(/^./, (letter) => letter.toLowerCase());
  const values = { ...required, ...withDefaults(where, options, defaults) };
  for (const [name, value] of Object.entries(values)) {
    if (typeof defaults[name] !== "boolean" && value !== null) checkNumber(where, name, value);
  }
  return { className, ...values } as LearningRateSchedule;
}

/** Steps are more than 0, all else may be 0. */
function checkNumber(where: string, name: string, value: unknown): void {
  if (!name.endsWith("ecaySteps")) checkAmount(where, name, value);
  else checkOption(isAmount(value) && value > 0, where, name, "a number of more than 0", value);
}

import type { OptimizerRule } from "../kernels";
import { invalid } from "../runtime/errors";
import type { StepRates } from "./planner";
import { byName, checkAmount, checkOption, checkShare, withDefaults } from "./checks";
import { scheduledRate, type LearningRateSchedule } from "./learning-rate-schedule";

/** An optimizer: its rule with constants, and the learning rate it starts with. */
export interface Optimizer {
  /** As Keras names it in saved files. */
  name: string;
  /** Of the first step. */
  learningRate: number;
  /** What the learning rate follows; undefined where callbacks alone may change it. */
  schedule?: LearningRateSchedule;
  rule: OptimizerRule;
}

/** Options that all optimizers take; of the three ways of clipping one at a time. */
export interface OptimizerOptions {
  /** A number, or a schedule made by `exponentialDecay(…)`, `cosineDecay(…)` and the like. */
  learningRate?: number | LearningRateSchedule;
  /** Weights shrink by `weightDecay · learningRate` of themselves before each step. Default none. */
  weightDecay?: number;
  /** Each variable's gradient is scaled down to this length where it is longer. */
  clipnorm?: number;
  /** All gradients together are scaled down to this length where they are longer. */
  globalClipnorm?: number;
  /** Each element of the gradients is cut to [-clipvalue, clipvalue]. */
  clipvalue?: number;
}

const clips = ["clipnorm", "globalClipnorm", "clipvalue"] as const;

function check(where: string, name: string, value: unknown, normal: unknown): void {
  if (typeof normal === "boolean") {
    checkOption(typeof value === "boolean", where, name, "true or false", value);
  } else if (name.startsWith("beta")) {
    // The means are divided by 1 - β.
    checkShare(where, name, value);
  } else if (name !== "learningRate" || typeof value !== "object") {
    checkAmount(where, name, value);
  }
}

/**
 * @param defaults of the options that the optimizer has of its own, and of the learning rate
 * @param name Keras's, where it is not ours
 */
function make(
  where: string,
  options: OptimizerOptions,
  kind: OptimizerRule["kind"],
  { learningRate: rate, weightDecay: decay = 0, ...own }: Readonly<Record<string, number | boolean>>,
  name = where,
): Optimizer {
  if (typeof options.learningRate === "function") {
    const remedy = "pass exponentialDecay(…) or another";
    throw invalid(where, "learningRate as a number or a schedule", "a function", remedy);
  }
  const shared = { weightDecay: decay, clipnorm: 0, globalClipnorm: 0, clipvalue: 0 };
  const defaults: Record<string, unknown> = { learningRate: rate, ...shared, ...own };
  const all = withDefaults(where, options, defaults);
  for (const [option, value] of Object.entries(all)) check(where, option, value, defaults[option]);
  const given = clips.filter((clip) => all[clip]);
  if (given.length > 1) {
    throw invalid(where, `one of ${clips.join(", ")}`, given.join(" and "), "remove the others");
  }
  const { learningRate, weightDecay, clipnorm, globalClipnorm, clipvalue, ...rule } = all;
  const schedule = learningRate as LearningRateSchedule;
  return {
    name,
    ...(typeof learningRate === "number"
      ? { learningRate }
      : { learningRate: scheduledRate(schedule, 0), schedule }),
    rule: { kind, ...rule, weightDecay, clipnorm, globalClipnorm, clipvalue } as OptimizerRule,
  };
}

/**
 * RMSprop: v ← ρv + (1-ρ)g²; w ← w - rate·g / sqrt(v + ε). The epsilon is inside the root, as in Keras.
 *
 * @throws {InvalidInputError} a negative or unknown option.
 * @example
 * await model.compile({ optimizer: rmsprop({ learningRate: 0.0005 }), loss: "binaryCrossentropy" });
 * @see https://keras.io/api/optimizers/rmsprop/
 */
export function rmsprop(
  options: OptimizerOptions & { rho?: number; momentum?: number; epsilon?: number; centered?: boolean } = {},
): Optimizer {
  const defaults = { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false };
  return make("rmsprop", options, "rmsprop", defaults);
}

/**
 * Stochastic gradient descent, with momentum: m ← momentum·m - rate·g; w ← w + m.
 *
 * @throws {InvalidInputError} a negative or unknown option.
 * @example
 * sgd({ learningRate: 0.1, momentum: 0.9 })
 * @see https://keras.io/api/optimizers/sgd/
 */
export function sgd(options: OptimizerOptions & { momentum?: number; nesterov?: boolean } = {}): Optimizer {
  return make("sgd", options, "sgd", { learningRate: 0.01, momentum: 0, nesterov: false }, "SGD");
}

interface AdamOptions extends OptimizerOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  amsgrad?: boolean;
}

const nadamDefaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const adamDefaults = { ...nadamDefaults, amsgrad: false };

/**
 * Adam (Kingma and Ba, 2014), with AMSGrad as an option.
 *
 * @throws {InvalidInputError} a negative or unknown option.
 * @example
 * adam({ learningRate: 0.0005, clipnorm: 1 })
 * @see https://keras.io/api/optimizers/adam/
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return make("adam", options, "adam", adamDefaults);
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019), 0.004 unless given.
 *
 * @throws {InvalidInputError} a negative or unknown option.
 * @example
 * adamW({ weightDecay: 0.01 })
 * @see https://keras.io/api/optimizers/adamw/
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  return make("adamW", options, "adam", { ...adamDefaults, weightDecay: 0.004 }, "adamw");
}

/**
 * Adam with Nesterov's momentum (Dozat, 2015): the step looks ahead along the gradient's running mean.
 *
 * @throws {InvalidInputError} a negative or unknown option.
 * @example
 * nadam({ learningRate: 0.002 })
 * @see https://keras.io/api/optimizers/Nadam/
 */
export function nadam(
  options: OptimizerOptions & { beta1?: number; beta2?: number; epsilon?: number } = {},
): Optimizer {
  return make("nadam", options, "nadam", nadamDefaults);
}

const factories = { rmsprop, sgd, adam, adamW, nadam };

/** The optimizer of a name (as Keras spells it, in any case), or the one given. */
export function resolveOptimizer(optimizer: string | Optimizer): Optimizer {
  return typeof optimizer === "string" ? byName("compile", "optimizer", factories, optimizer)() : optimizer;
}

/** The learning rate of the step that follows after `iterations` steps, where it is `learningRate` without a schedule. */
export function currentRate({ schedule }: Optimizer, iterations: number, learningRate: number): number {
  return schedule ? scheduledRate(schedule, iterations) : learningRate;
}

/**
 * What of step number `iteration` (from 1) follows from that number alone, in double precision: the learning rate with
 * Adam's and Nadam's corrections for the bias of early steps.
 */
export function stepSizes(
  rule: OptimizerRule,
  learningRate: number,
  iteration: number,
): Pick<StepRates, "rate" | "gradientRate" | "epsilon"> {
  switch (rule.kind) {
    case "adam": {
      const rate = (learningRate * Math.sqrt(1 - rule.beta2 ** iteration)) / (1 - rule.beta1 ** iteration);
      return { rate, gradientRate: 0, epsilon: 0 };
    }
    case "nadam":
      return nadamSizes(rule, learningRate, iteration);
    default:
      return { rate: learningRate, gradientRate: 0, epsilon: 0 };
  }
}

/**
 * With u_t = β₁·(1 - 0.96ᵗ/2) and Π_t = u_1·…·u_t Nadam's step is
 * lr·(u_{t+1}·m / (1 - Π_{t+1}) + (1 - u_t)·g / (1 - Π_t)) / (sqrt(v / (1 - β₂ᵗ)) + ε); here the fraction is expanded
 * by sqrt(1 - β₂ᵗ).
 */
function nadamSizes(
  { beta1, beta2, epsilon }: Extract<OptimizerRule, { kind: "nadam" }>,
  learningRate: number,
  t: number,
): Pick<StepRates, "rate" | "gradientRate" | "epsilon"> {
  const correction = Math.sqrt(1 - beta2 ** t);
  const u = (step: number): number => beta1 * (1 - 0.5 * 0.96 ** step);
  return {
    rate: (learningRate * correction * u(t + 1)) / (1 - nadamProduct(beta1, t + 1)),
    gradientRate: (learningRate * correction * (1 - u(t))) / (1 - nadamProduct(beta1, t)),
    epsilon: epsilon * correction,
  };
}

/** Nadam's u_1·…·u_t, which Keras keeps among the optimizer's variables. */
export function nadamProduct(beta1: number, t: number): number {
  let product = beta1 ** t;
  // Beyond, 0.96ᵏ is lost against 1.
  for (let k = 1; k <= Math.min(t, 1000); k++) product *= 1 - 0.5 * 0.96 ** k;
  return product;
}

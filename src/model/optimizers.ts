import type { OptimizerRule } from "../kernels/optimizer";
import { describe, InvalidInputError } from "../runtime/errors";

/** An optimizer: its rule with constants, and the learning rate it starts with. */
export interface Optimizer {
  /** As Keras names it in saved files. */
  name: string;
  learningRate: number;
  rule: OptimizerRule;
}

/** Options that all optimizers take. */
export interface OptimizerOptions {
  learningRate?: number;
  /** Weights shrink by `weightDecay · learningRate` of themselves before each step. Default none. */
  weightDecay?: number;
  /** Each variable's gradient is scaled down to this length where it is longer. */
  clipnorm?: number;
  /** All gradients together are scaled down to this length where they are longer. */
  globalClipnorm?: number;
  /** Each element of the gradients is cut to [-clipvalue, clipvalue]. */
  clipvalue?: number;
}

const shared = ["learningRate", "weightDecay", "clipnorm", "globalClipnorm", "clipvalue"];

function check(where: string, options: object, own: readonly string[]): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (!shared.includes(name) && !own.includes(name)) {
      throw new InvalidInputError(
        describe(
          where,
          `options among ${[...shared, ...own].join(", ")}`,
          `"${name}"`,
          "remove it or correct its name",
        ),
      );
    }
    if (typeof value === "number" && !(value >= 0 && Number.isFinite(value))) {
      throw new InvalidInputError(
        describe(where, `${name} as a number of at least 0`, String(value), `pass another ${name}`),
      );
    }
  }
}

function make(name: string, options: OptimizerOptions, learningRate: number, rule: object): Optimizer {
  const { weightDecay = 0, clipnorm = 0, globalClipnorm = 0, clipvalue = 0 } = options;
  return {
    name,
    learningRate: options.learningRate ?? learningRate,
    rule: { ...rule, weightDecay, clipnorm, globalClipnorm, clipvalue } as OptimizerRule,
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
  check("rmsprop", options, ["rho", "momentum", "epsilon", "centered"]);
  const { rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false } = options;
  return make("rmsprop", options, 0.001, { kind: "rmsprop", rho, momentum, epsilon, centered });
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
  check("sgd", options, ["momentum", "nesterov"]);
  const { momentum = 0, nesterov = false } = options;
  return make("SGD", options, 0.01, { kind: "sgd", momentum, nesterov });
}

interface AdamOptions extends OptimizerOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  amsgrad?: boolean;
}

function adamRule(options: AdamOptions): object {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, amsgrad = false } = options;
  return { kind: "adam", beta1, beta2, epsilon, amsgrad };
}

/**
 * Adam (Kingma and Ba, 2014), with AMSGrad as an option.
 *
 * @throws {InvalidInputError} a negative or unknown option.
 * @example
 * adam({ learningRate: 0.0005, clipnorm: 1 })
 * @see https://keras.io/api/optimizers/adam/
 */
export function adam(options: AdamOptions = {}): Optimizer {
  check("adam", options, ["beta1", "beta2", "epsilon", "amsgrad"]);
  return make("adam", options, 0.001, adamRule(options));
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
  check("adamW", options, ["beta1", "beta2", "epsilon", "amsgrad"]);
  return make("adamw", { weightDecay: 0.004, ...options }, 0.001, adamRule(options));
}

const factories: Record<string, () => Optimizer> = { rmsprop, sgd, adam, adamw: adamW };

/** The optimizer of a name (as Keras spells it, in any case), or the one given. */
export function resolveOptimizer(optimizer: string | Optimizer): Optimizer {
  if (typeof optimizer !== "string") return optimizer;
  const name = optimizer.toLowerCase().replaceAll("_", "");
  if (!Object.hasOwn(factories, name)) {
    throw new InvalidInputError(
      describe(
        "compile",
        `optimizer as one of ${Object.keys(factories).join(", ")}`,
        `"${optimizer}"`,
        "pass one of these names, or rmsprop({ … }) and the like",
      ),
    );
  }
  return factories[name]();
}

/** The size of step number `iteration` (from 1): the learning rate, with Adam's correction of early steps. */
export function stepSize(rule: OptimizerRule, learningRate: number, iteration: number): number {
  if (rule.kind !== "adam") return learningRate;
  return (learningRate * Math.sqrt(1 - rule.beta2 ** iteration)) / (1 - rule.beta1 ** iteration);
}

import { adam, adamW, nadam, rmsprop, sgd } from "../../model/optimizers";
import type { Optimizer } from "../../model/optimizers";
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
} from "../../model/losses";
import type { Loss } from "../../model/losses";
import type { CompileConfig } from "../../model/compiled";
import { InvalidInputError } from "../../runtime/errors";
import type { LearningRateSchedule } from "../../model/learning-rate-schedule";
import { isRecord, shown } from "../stored-model";
import { metricsFromKeras } from "./metrics";
import { scheduleFromKeras, scheduleToKeras } from "./schedules";

type Config = Readonly<Record<string, unknown>>;

/** Why a part of a file's training cannot be taken over: a note, not a failure, for the model itself is whole. */
class NotTaken extends Error {}

/**
 * How a Keras model was compiled: `compile_config` of a `.keras` file, `training_config` of an `.h5` file or of
 * TF.js. Undefined where there is nothing, or something that the engine lacks; a note says so then.
 */
export function compileFromKeras(json: unknown, notes: string[]): CompileConfig | undefined {
  if (!isRecord(json)) return undefined;
  const stored = json.optimizer ?? json.optimizer_config;
  if (stored === undefined || stored === null || json.loss === undefined || json.loss === null)
    return undefined;
  try {
    const optimizer = optimizerFromKeras(stored, notes);
    const loss = lossFromKeras(json.loss);
    checkLossWeights(json.loss_weights);
    return { optimizer, loss, metrics: metricsFromKeras(json.metrics, json.weighted_metrics, notes) };
  } catch (error) {
    if (!(error instanceof NotTaken || error instanceof InvalidInputError)) throw error;
    notes.push(`not compiled as in the file: ${error.message}`);
    return undefined;
  }
}

/** Keras's arguments by the engine's names; those of an optimizer's older versions and of TF.js, too. */
const argumentNames = {
  learningRate: ["learning_rate", "lr", "learningRate"],
  weightDecay: ["weight_decay"],
  clipnorm: ["clipnorm"],
  globalClipnorm: ["global_clipnorm"],
  clipvalue: ["clipvalue"],
  rho: ["rho"],
  momentum: ["momentum"],
  epsilon: ["epsilon"],
  centered: ["centered"],
  nesterov: ["nesterov"],
  beta1: ["beta_1", "beta1"],
  beta2: ["beta_2", "beta2"],
  amsgrad: ["amsgrad"],
} as const;

type ArgumentName = keyof typeof argumentNames;

/** In the order of precedence. */
const clips = ["clipnorm", "globalClipnorm", "clipvalue"] as const;
const shared = ["learningRate", "weightDecay", ...clips] as const;

/** The engine's optimizers under Keras's class names. */
const optimizers: Record<string, { make: (options: object) => Optimizer; own: readonly ArgumentName[] }> = {
  RMSprop: { make: rmsprop, own: ["rho", "momentum", "epsilon", "centered"] },
  SGD: { make: sgd, own: ["momentum", "nesterov"] },
  Adam: { make: adam, own: ["beta1", "beta2", "epsilon", "amsgrad"] },
  AdamW: { make: adamW, own: ["beta1", "beta2", "epsilon", "amsgrad"] },
  Nadam: { make: nadam, own: ["beta1", "beta2", "epsilon"] },
};

/** Arguments of Keras that the engine has not; their value when they do nothing. */
const withoutEffect: Config = {
  use_ema: false,
  gradient_accumulation_steps: null,
  loss_scale_factor: null,
};

function optimizerFromKeras(stored: unknown, notes: string[]): Optimizer {
  const className = isRecord(stored) ? stored.class_name : stored;
  const given: Config = isRecord(stored) && isRecord(stored.config) ? stored.config : {};
  // Around the optimizer of a model that computed in float16.
  if (className === "LossScaleOptimizer") {
    const inner = given.inner_optimizer ?? given.optimizer;
    // One that wraps another of its kind has no end.
    if (isRecord(inner) && inner.class_name !== className) {
      notes.push("its loss is not scaled here: float32 needs no such");
      return optimizerFromKeras(inner, notes);
    }
  }
  const config = withDecay(className, given);
  const name = Object.keys(optimizers).find((known) => isSame(known, className));
  if (name === undefined) {
    throw new NotTaken(
      `the engine has ${Object.keys(optimizers).join(", ")}, not the optimizer ${shown(className)}`,
    );
  }
  for (const [key, value] of Object.entries(withoutEffect)) {
    const got = config[key];
    if (got !== undefined && got !== null && got !== value) {
      throw new NotTaken(`the engine's ${name} has no ${key} (${shown(got)})`);
    }
  }
  const { make, own } = optimizers[name];
  const options = [...shared, ...own].map((key) => [key, argument(config, key)] as const);
  // Keras's AdamW has no "none": this library has written it where there is no decay.
  if (name === "AdamW" && config.weight_decay === null) options.push(["weightDecay", 0]);
  return make(Object.fromEntries(options.filter(([, value]) => value !== undefined)));
}

/**
 * Without `decay`: in Keras 2 the rate divided by 1 + decay · steps, which is a schedule since; in TF.js's RMSProp
 * what Keras calls `rho`.
 */
function withDecay(className: unknown, config: Config): Config {
  const { decay, ...others } = config;
  if (decay === undefined || decay === null || decay === 0) return others;
  if (className === "RMSProp" && config.rho === undefined) return { ...others, rho: decay };
  const rate = argumentNames.learningRate.map((key) => config[key]).find((entry) => entry !== undefined);
  if (typeof decay !== "number" || typeof rate !== "number") {
    throw new NotTaken(`decay of the optimizer is ${shown(decay)} with a rate of ${shown(rate)}`);
  }
  const schedule = { initial_learning_rate: rate, decay_steps: 1, decay_rate: decay };
  return { ...others, learning_rate: { class_name: "InverseTimeDecay", config: schedule } };
}

function argument(config: Config, key: ArgumentName): number | boolean | LearningRateSchedule | undefined {
  const value = argumentNames[key].map((name) => config[name]).find((entry) => entry !== undefined);
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" || typeof value === "boolean") return value;
  const schedule = key === "learningRate" ? scheduleFromKeras(value) : undefined;
  if (schedule) return schedule;
  throw new NotTaken(`${key} of the optimizer is ${shown(value)}, which the engine does not know`);
}

/** Names in camelCase, snake_case, and as classes are the same. */
function isSame(known: string, name: unknown): boolean {
  const plain = (text: string): string =>
    text
      .replace(/^(keras|Custom|Addons|.*>)/, "")
      .replaceAll("_", "")
      .toLowerCase();
  return typeof name === "string" && plain(known) === plain(name);
}

const losses: Record<string, (options: { fromLogits: boolean }) => Loss> = {
  binary_crossentropy: binaryCrossentropy,
  sparse_categorical_crossentropy: sparseCategoricalCrossentropy,
  categorical_crossentropy: categoricalCrossentropy,
  mean_squared_error: meanSquaredError,
  mean_absolute_error: meanAbsoluteError,
};

/** Keras's name of each of the engine's losses. */
const lossNames: Record<Loss["kind"], string> = {
  binaryCrossentropy: "binary_crossentropy",
  sparseCategoricalCrossentropy: "sparse_categorical_crossentropy",
  categoricalCrossentropy: "categorical_crossentropy",
  meanSquaredError: "mean_squared_error",
  meanAbsoluteError: "mean_absolute_error",
};

/** Names of losses that the engine has under another name. */
const otherLossNames: Readonly<Record<string, string>> = {
  mse: "mean_squared_error",
  mae: "mean_absolute_error",
};

/** Arguments of Keras's losses that the engine has not; their value when they do nothing. */
const lossWithoutEffect: Config = { label_smoothing: 0, ignore_class: null, axis: -1 };

/** Keras's words for a sum over the predictions divided by their number. */
const means = ["sum_over_batch_size", "mean", "auto"];

function lossFromKeras(stored: unknown): Loss {
  const only = onlyOne(stored);
  if (only !== undefined) return lossFromKeras(only);
  const config: Config = isRecord(stored) && isRecord(stored.config) ? stored.config : {};
  const isFunction = isRecord(stored) && typeof stored.config === "string";
  const given = isFunction ? stored.config : isRecord(stored) ? stored.class_name : stored;
  const name = (typeof given === "string" ? otherLossNames[given] : undefined) ?? given;
  const found = Object.keys(losses).find((known) => isSame(known, name));
  if (found === undefined) {
    throw new NotTaken(`the engine has ${Object.keys(losses).join(", ")}, not the loss ${shown(given)}`);
  }
  for (const [key, value] of Object.entries(lossWithoutEffect)) {
    const got = config[key];
    if (got !== undefined && got !== null && got !== value) {
      throw new NotTaken(`the engine's losses have no ${key} (${shown(got)})`);
    }
  }
  if (typeof config.reduction === "string" && !means.includes(config.reduction)) {
    throw new NotTaken(`the engine's losses are means, not of reduction ${shown(config.reduction)}`);
  }
  return losses[found]({ fromLogits: config.from_logits === true });
}

/** A model of one output needs no weight for its loss; Keras takes one all the same. */
function checkLossWeights(stored: unknown): void {
  const weights: unknown[] = isRecord(stored) ? Object.values(stored) : [stored].flat();
  if (weights.every((weight) => weight === undefined || weight === null || weight === 1)) return;
  throw new NotTaken(`the engine's losses have no loss_weights (${shown(stored)})`);
}

/** What stands in a list or an object of one, as models with names for their outputs have it. */
function onlyOne(stored: unknown): unknown {
  const list = isRecord(stored) && stored.class_name === undefined ? Object.values(stored) : stored;
  return Array.isArray(list) && list.length === 1 && !Array.isArray(list[0])
    ? (list[0] as unknown)
    : undefined;
}

/** Keras's `compile_config` of a compiled model. */
export function compileToKeras({ optimizer, loss, metrics }: CompileConfig): Record<string, unknown> {
  return {
    optimizer: { module: "keras.optimizers", ...optimizerToKeras(optimizer), registered_name: null },
    loss: lossToKeras(loss),
    loss_weights: null,
    metrics,
    weighted_metrics: null,
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: false,
  };
}

/** Keras's `training_config`, as `.h5` files and TF.js have it. */
export function trainingConfigToKeras({ optimizer, loss, metrics }: CompileConfig): Record<string, unknown> {
  return {
    loss: lossToKeras(loss),
    loss_weights: null,
    metrics,
    weighted_metrics: null,
    optimizer_config: optimizerToKeras(optimizer),
  };
}

/** Keras's class of an optimizer; its variables are named after it. */
export function optimizerClass(optimizer: Optimizer): string {
  return Object.keys(optimizers).find((name) => isSame(name, optimizer.name)) ?? optimizer.name;
}

function optimizerToKeras(optimizer: Optimizer): { class_name: string; config: Record<string, unknown> } {
  const className = optimizerClass(optimizer);
  const { rule, schedule } = optimizer;
  const learningRate = schedule ? scheduleToKeras(schedule) : optimizer.learningRate;
  const values: Record<string, unknown> = { ...rule, learningRate };
  const keys = [...shared, ...optimizers[className].own];
  const config = keys.map((key): [string, unknown] => {
    // Keras's "none" for clipping and decay; the engine's is 0. AdamW must have a decay.
    const canBeNone = key === "weightDecay" ? className !== "AdamW" : clips.some((clip) => clip === key);
    return [argumentNames[key][0], canBeNone && values[key] === 0 ? null : values[key]];
  });
  return { class_name: className, config: { name: className.toLowerCase(), ...Object.fromEntries(config) } };
}

function lossToKeras(loss: Loss): unknown {
  const name = lossNames[loss.kind];
  if (!loss.fromLogits) return name;
  const class_name = loss.kind.charAt(0).toUpperCase() + loss.kind.slice(1);
  const config = { name, reduction: "sum_over_batch_size", from_logits: true };
  return { module: "keras.losses", class_name, config, registered_name: null };
}

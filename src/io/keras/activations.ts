import type { DenseActivation } from "../../model/layers";
import { isRecord } from "../stored-model";

/** What files of different age mean by the same words. */
export interface Dialect {
  /** Keras 3 has another `hard_sigmoid` than Keras 1, 2 and TF.js, and another default of GRU's `reset_after`. */
  readonly isKeras3: boolean;
  /** Before Keras 3.16 recurrent layers that return sequences hand on the mask that they got; TF.js has its own ways. */
  readonly masks: "as here" | "handed on" | "TF.js";
}

/**
 * The dialect of a file.
 *
 * @param version as the file states it: `"2.1.5"`, `"3.16.0"`, `"tfjs-layers 4.22.0"`; TF.js speaks as Keras 2
 * @param byDefault for a file that states none
 */
export function dialectOf(version: unknown, byDefault: Dialect): Dialect {
  if (typeof version !== "string") return byDefault;
  const [, major = 2, minor = 0] = (/^(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  const masks = major < 3 || (major === 3 && minor < 16) ? "handed on" : "as here";
  return { isKeras3: major >= 3, masks };
}

/** What a file is taken to mean that states no version: that of the oldest Keras that writes such files. */
export const keras2: Dialect = { isKeras3: false, masks: "handed on" };
export const firstKeras3: Dialect = { isKeras3: true, masks: "handed on" };

/** Keras 2's hard sigmoid in a file of Keras 3, which must not take it for its own. */
const olderHardSigmoid = "hard_sigmoid_keras2";

/** Keras's names. */
const kerasNames: Readonly<Record<DenseActivation, string>> = {
  linear: "linear",
  tanh: "tanh",
  relu: "relu",
  sigmoid: "sigmoid",
  softmax: "softmax",
  hardSigmoid: "hard_sigmoid",
  hardSigmoidKeras2: olderHardSigmoid,
  hardTanh: "hard_tanh",
  relu6: "relu6",
  leakyRelu: "leaky_relu",
  elu: "elu",
  selu: "selu",
  softplus: "softplus",
  softsign: "softsign",
  exponential: "exponential",
};

/** Activations that work on each value by itself. */
export type Pointwise = Exclude<DenseActivation, "softmax">;

/** All activations that a file can say. */
export const knownActivations = Object.keys(kerasNames) as readonly DenseActivation[];

/** Those of them that a cell or a convolution can have. */
export const pointwiseActivations = knownActivations.filter((name): name is Pointwise => name !== "softmax");

const byKerasName = new Map(knownActivations.map((name) => [kerasNames[name], name]));

/**
 * The engine's activation for what a file says, undefined where it has none.
 *
 * @param value a name, null for none, or one of the forms in which Keras has written a function or a layer
 */
export function activationFromKeras(value: unknown, dialect: Dialect): DenseActivation | undefined {
  if (value === null) return "linear";
  if (typeof value === "string") return named(value, dialect);
  if (!isRecord(value)) return undefined;
  const { class_name: className, config } = value;
  if (typeof config === "string") return named(config, dialect);
  if (typeof className !== "string") return undefined;
  return activationOfLayer(className, isRecord(config) ? config : {}, dialect);
}

/** The name of a function as it stands in a file, for messages. */
export function activationName(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return typeof value.config === "string" ? value.config : value.class_name;
}

function named(name: string, { isKeras3 }: Dialect): DenseActivation | undefined {
  // TF.js has camelCase; TensorFlow calls the function behind tf.nn.softmax softmax_v2.
  const found = byKerasName.get(snakeCase(name).replace(/_v2$/, ""));
  return found === "hardSigmoid" && !isKeras3 ? "hardSigmoidKeras2" : found;
}

/** Layers that are an activation, by class: their arguments, and what they must be. The first that fits is it. */
const activationLayers: Readonly<Record<string, readonly ActivationLayer[]>> = {
  ReLU: [
    { is: "relu", when: { max_value: null, negative_slope: 0, threshold: 0 } },
    { is: "relu6", when: { max_value: 6, negative_slope: 0, threshold: 0 } },
  ],
  Softmax: [{ is: "softmax", when: { axis: -1 } }],
  ELU: [{ is: "elu", when: { alpha: 1 } }],
};

interface ActivationLayer {
  readonly is: DenseActivation;
  /** These entries of the configuration are missing or have these values. */
  readonly when: Readonly<Record<string, number | null>>;
}

/**
 * The activation that a layer of Keras's is, undefined where it is none or one that the engine lacks.
 */
export function activationOfLayer(
  className: string,
  config: Readonly<Record<string, unknown>>,
  dialect: Dialect,
): DenseActivation | undefined {
  if (className === "Activation") return activationFromKeras(config.activation, dialect);
  // Unlike the others, a leaky ReLU without a slope has one that the engine lacks: 0.3.
  if (className === "LeakyReLU") {
    return isClose(config.negative_slope ?? config.alpha, 0.2) ? "leakyRelu" : undefined;
  }
  if (Object.hasOwn(activationLayers, className)) {
    const fits = ({ when }: ActivationLayer): boolean =>
      Object.entries(when).every(([key, value]) => (config[key] ?? value) === value);
    return activationLayers[className].find(fits)?.is;
  }
  return Object.keys(config).length === 0 ? named(className, dialect) : undefined;
}

/** Whether a class of layers is an activation, of the engine or not. */
export function isActivationLayer(className: string): boolean {
  return ["Activation", "LeakyReLU", ...Object.keys(activationLayers)].includes(className);
}

function isClose(value: unknown, expected: number): boolean {
  return typeof value === "number" && Math.fround(value) === Math.fround(expected);
}

/** An activation as Keras 3 has it. */
export function activationToKeras(name: DenseActivation): unknown {
  if (name !== "hardSigmoidKeras2") return kerasNames[name];
  return {
    module: "builtins",
    class_name: "function",
    config: olderHardSigmoid,
    registered_name: "function",
  };
}

/** An activation as TF.js has it, undefined where it has none. */
export function activationToTfjs(name: DenseActivation): string | undefined {
  if (name === "hardSigmoidKeras2") return "hard_sigmoid";
  const isUnknown = ["hardSigmoid", "hardTanh", "leakyRelu", "exponential"].includes(name);
  return isUnknown ? undefined : kerasNames[name];
}

function snakeCase(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
}

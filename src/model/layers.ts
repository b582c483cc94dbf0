import type { Activation } from "../kernels/shared/activation";
import { describe, InvalidInputError } from "../runtime/errors";
import { resolveInitializer, type Initializer, type StoredInitializer } from "./initializers";

/** Batch first, `null` where any size will do. */
export type Shape = readonly (number | null)[];

/** A name, Keras's or its camelCase form, an initialiser made by `glorotUniform()` and the like, or its stored form. */
export type InitializerOption = string | Initializer | StoredInitializer;

/** What makes a layer, apart from its name in the model. */
export interface LayerConfig {
  className: "InputLayer" | "Embedding" | "SimpleRNN" | "Dense";
  name?: string;
}

export interface InputConfig extends LayerConfig {
  className: "InputLayer";
  /** Steps, or `null` for any. */
  shape: readonly (number | null)[];
}

export interface EmbeddingConfig extends LayerConfig {
  className: "Embedding";
  inputDim: number;
  outputDim: number;
  embeddingsInitializer: Initializer;
  maskZero: boolean;
}

export interface SimpleRnnConfig extends LayerConfig {
  className: "SimpleRNN";
  units: number;
  activation: Activation;
  useBias: boolean;
  kernelInitializer: Initializer;
  recurrentInitializer: Initializer;
  biasInitializer: Initializer;
  returnSequences: boolean;
  goBackwards: boolean;
}

/** Activations of a dense layer. */
export type DenseActivation = Activation | "softmax";

export interface DenseConfig extends LayerConfig {
  className: "Dense";
  units: number;
  activation: DenseActivation;
  useBias: boolean;
  kernelInitializer: Initializer;
  biasInitializer: Initializer;
}

/** A layer as it is passed to `sequential`. */
export type Layer = InputConfig | EmbeddingConfig | SimpleRnnConfig | DenseConfig;

const maxUnits = 1024;

function size(where: string, name: string, value: number, largest: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= largest) return value;
  throw new InvalidInputError(
    describe(where, `${name} as a whole number from 1 to ${largest}`, String(value), `pass another ${name}`),
  );
}

function oneOf<Name extends string>(
  where: string,
  option: string,
  value: string,
  names: readonly Name[],
): Name {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw new InvalidInputError(
    describe(where, `${option} as one of ${names.join(", ")}`, `"${value}"`, `pass another ${option}`),
  );
}

/** Unknown options are refused: a misspelt one would be silently without effect. */
function knownOptions(where: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new InvalidInputError(
    describe(where, `options among ${known.join(", ")}`, `"${unknown}"`, "remove it or correct its name"),
  );
}

/** Fails where the layer is made, not where its weights are drawn. */
function known(initializer: InitializerOption): Initializer {
  return resolveInitializer(initializer);
}

const cellActivations = ["tanh", "relu", "sigmoid", "linear"] as const;
const denseActivations = [...cellActivations, "softmax"] as const;

/**
 * States the shape of the model's input, without the batch: `[steps]`, or `[null]` for any number of steps.
 * Optional; with it, `summary` shows shapes before any data came. Data of another length is taken as it is.
 *
 * @throws {InvalidInputError} the shape is not one size.
 * @example
 * const model = sequential([input({ shape: [500] }), embedding(10_000, 32), simpleRNN(32), dense(1)]);
 */
export function input(options: { shape: readonly (number | null)[]; name?: string }): InputConfig {
  knownOptions("input", options, ["shape", "name"]);
  const { shape, name } = options;
  if (!Array.isArray(shape) || shape.length !== 1) {
    throw new InvalidInputError(
      describe("input", "shape as [steps] or [null]", JSON.stringify(shape), "leave the batch size out"),
    );
  }
  if (shape[0] !== null) size("input", "steps", shape[0] as number, 2 ** 31);
  return { className: "InputLayer", shape, name };
}

export interface EmbeddingOptions {
  name?: string;
  /** Token 0 is padding: the first recurrent layer leaves its state as it is there. Default `false`. */
  maskZero?: boolean;
  /** Default `"randomUniform"`: uniform in [-0.05, 0.05]. */
  embeddingsInitializer?: InitializerOption;
}

/**
 * Turns token ids into vectors: [batch, steps] → [batch, steps, outputDim].
 *
 * @param inputDim size of the vocabulary; ids lie in [0, inputDim)
 * @param outputDim length of the vectors
 * @throws {InvalidInputError} a size that is not a whole number of at least 1, an unknown option.
 * @example
 * embedding(10_000, 32)
 * @see https://keras.io/api/layers/core_layers/embedding/
 */
export function embedding(
  inputDim: number,
  outputDim: number,
  options: EmbeddingOptions = {},
): EmbeddingConfig {
  knownOptions("embedding", options, ["name", "maskZero", "embeddingsInitializer"]);
  return {
    className: "Embedding",
    name: options.name,
    inputDim: size("embedding", "inputDim", inputDim, 2 ** 31),
    outputDim: size("embedding", "outputDim", outputDim, 65_536),
    embeddingsInitializer: known(options.embeddingsInitializer ?? "randomUniform"),
    maskZero: options.maskZero ?? false,
  };
}

export interface SimpleRnnOptions {
  name?: string;
  /** Default `"tanh"`. */
  activation?: Activation;
  /** Default `true`. */
  useBias?: boolean;
  /** Default `"glorotUniform"`. */
  kernelInitializer?: InitializerOption;
  /** Default `"orthogonal"`. */
  recurrentInitializer?: InitializerOption;
  /** Default `"zeros"`. */
  biasInitializer?: InitializerOption;
  /** Return the state after every step, not only the last: [batch, steps, units]. Default `false`. */
  returnSequences?: boolean;
  /** Process the steps from the last to the first. Default `false`. */
  goBackwards?: boolean;
}

/**
 * The fully connected recurrent layer: h_t = activation(x_t·kernel + bias + h_{t-1}·recurrentKernel), h_0 = 0.
 * [batch, steps, features] → [batch, units].
 *
 * @param units size of the state, at most 1,024
 * @throws {InvalidInputError} units out of range, an unknown option or activation.
 * @example
 * simpleRNN(32, { returnSequences: true })
 * @see https://keras.io/api/layers/recurrent_layers/simple_rnn/
 */
export function simpleRNN(units: number, options: SimpleRnnOptions = {}): SimpleRnnConfig {
  knownOptions("simpleRNN", options, [
    "name",
    "activation",
    "useBias",
    "kernelInitializer",
    "recurrentInitializer",
    "biasInitializer",
    "returnSequences",
    "goBackwards",
  ]);
  return {
    className: "SimpleRNN",
    name: options.name,
    units: size("simpleRNN", "units", units, maxUnits),
    activation: oneOf("simpleRNN", "activation", options.activation ?? "tanh", cellActivations),
    useBias: options.useBias ?? true,
    kernelInitializer: known(options.kernelInitializer ?? "glorotUniform"),
    recurrentInitializer: known(options.recurrentInitializer ?? "orthogonal"),
    biasInitializer: known(options.biasInitializer ?? "zeros"),
    returnSequences: options.returnSequences ?? false,
    goBackwards: options.goBackwards ?? false,
  };
}

export interface DenseOptions {
  name?: string;
  /** Default `"linear"`. */
  activation?: DenseActivation;
  /** Default `true`. */
  useBias?: boolean;
  /** Default `"glorotUniform"`. */
  kernelInitializer?: InitializerOption;
  /** Default `"zeros"`. */
  biasInitializer?: InitializerOption;
}

/**
 * The densely connected layer: activation(x·kernel + bias), on the last axis of its input.
 *
 * @param units columns of the output
 * @throws {InvalidInputError} units out of range, an unknown option or activation.
 * @example
 * dense(1, { activation: "sigmoid" })
 * @see https://keras.io/api/layers/core_layers/dense/
 */
export function dense(units: number, options: DenseOptions = {}): DenseConfig {
  knownOptions("dense", options, ["name", "activation", "useBias", "kernelInitializer", "biasInitializer"]);
  return {
    className: "Dense",
    name: options.name,
    units: size("dense", "units", units, 65_536),
    activation: oneOf("dense", "activation", options.activation ?? "linear", denseActivations),
    useBias: options.useBias ?? true,
    kernelInitializer: known(options.kernelInitializer ?? "glorotUniform"),
    biasInitializer: known(options.biasInitializer ?? "zeros"),
  };
}

/** A layer of plain data, as `getConfig` gives it; goes through the same checks as one made by hand. */
export function layerFromConfig(config: Layer): Layer {
  switch (config.className) {
    case "InputLayer":
      return input({ shape: config.shape, name: config.name });
    case "Embedding":
      return embedding(config.inputDim, config.outputDim, optionsOf(config, "inputDim", "outputDim"));
    case "SimpleRNN":
      return simpleRNN(config.units, optionsOf(config, "units"));
    case "Dense":
      return dense(config.units, optionsOf(config, "units"));
    default:
      throw new InvalidInputError(
        describe(
          "sequentialFromConfig",
          "layers among InputLayer, Embedding, SimpleRNN, Dense",
          String((config as { className?: unknown }).className),
          "build the model from these layers",
        ),
      );
  }
}

/** What is left of a configuration once the required arguments are taken out. */
function optionsOf(config: Layer, ...required: string[]): object {
  const left = Object.entries(config).filter(([key]) => key !== "className" && !required.includes(key));
  return Object.fromEntries(left);
}

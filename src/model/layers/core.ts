import { activations, type Activation } from "../../kernels";
import { invalid } from "../../runtime/errors";
import { resolveInitializer, type Initializer } from "../initializers";
import { regularizer, type Regularizer, type RegularizerOption } from "../regularizers";
import {
  configured,
  oneOf,
  size,
  type InitializerOption,
  type NamedLayer,
  type OptionTable,
  type TrainableLayer,
} from "./options";

export interface InputConfig extends NamedLayer {
  className: "InputLayer";
  /** Steps, or `null` for any. */
  shape: readonly (number | null)[];
}

export interface EmbeddingConfig extends TrainableLayer {
  className: "Embedding";
  inputDim: number;
  outputDim: number;
  embeddingsInitializer: Initializer;
  embeddingsRegularizer?: Regularizer;
  maskZero: boolean;
}

/** Activations of a dense layer. */
export type DenseActivation = Activation | "softmax";

export interface DenseConfig extends TrainableLayer {
  className: "Dense";
  units: number;
  activation: DenseActivation;
  useBias: boolean;
  kernelInitializer: Initializer;
  biasInitializer: Initializer;
  kernelRegularizer?: Regularizer;
  biasRegularizer?: Regularizer;
}

export interface TimeDistributedConfig extends TrainableLayer {
  className: "TimeDistributed";
  layer: DenseConfig;
}

/**
 * States the shape of the model's input, without the batch: `[steps]`, or `[null]` for any number of steps.
 * Optional; with it, `summary` shows shapes before any data came. Data of another length is taken as it is.
 *
 * @throws {InvalidInputError} the shape is not one size.
 * @example
 * const model = sequential([input({ shape: [500] }), embedding(10_000, 32), simpleRNN(32), dense(1)]);
 */
export function input(options: { shape: readonly (number | null)[]; name?: string }): InputConfig {
  return configured("InputLayer", "input", {}, options, { shape: [null, inputShape] });
}

function inputShape(shape: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(shape) || shape.length !== 1) {
    throw invalid(where, "shape as [steps] or [null]", JSON.stringify(shape), "leave the batch size out");
  }
  if (shape[0] !== null) size(2 ** 31)(shape[0] as number, where, "steps");
  return shape;
}

export interface EmbeddingOptions {
  name?: string;
  /** Token 0 is padding: the first recurrent layer leaves its state as it is there. Default `false`. */
  maskZero?: boolean;
  /** Default `"randomUniform"`: uniform in [-0.05, 0.05]. */
  embeddingsInitializer?: InitializerOption;
  /** What the elements of the table add to the loss: `l2(1e-4)` and the like. Default nothing. */
  embeddingsRegularizer?: RegularizerOption;
  /**
   * The table's first values, [inputDim · outputDim] row by row, in place of the initializer's: word vectors, for
   * instance. As in Keras they are no part of the layer's configuration.
   */
  weights?: ArrayLike<number>;
  /** Whether training changes the weights. Default `true`; a frozen layer takes no part in the clipping of gradients. */
  trainable?: boolean;
}

/**
 * Turns token ids into vectors: [batch, steps] → [batch, steps, outputDim].
 *
 * @param inputDim size of the vocabulary; ids lie in [0, inputDim)
 * @param outputDim length of the vectors
 * @throws {InvalidInputError} a size that is not a whole number of at least 1, weights of another length or not
 *   finite, an unknown option.
 * @example
 * embedding(10_000, 32)
 * @example
 * embedding(10_000, 100, { weights: vectors, trainable: false })
 * @see https://keras.io/api/layers/core_layers/embedding/
 */
export function embedding(
  inputDim: number,
  outputDim: number,
  options: EmbeddingOptions = {},
): EmbeddingConfig {
  const table: OptionTable<EmbeddingOptions> = {
    trainable: [true],
    embeddingsInitializer: ["randomUniform", resolveInitializer],
    embeddingsRegularizer: [undefined, regularizer],
    maskZero: [false],
    weights: [],
  };
  const required = { inputDim: [inputDim, size(2 ** 31)], outputDim: [outputDim, size(65_536)] } as const;
  const { weights, ...config } = configured<EmbeddingConfig & EmbeddingOptions>(
    "Embedding",
    "embedding",
    required,
    options,
    table,
  );
  if (!weights) return config;
  const { embeddingsInitializer: drawn } = config;
  return { ...config, embeddingsInitializer: tableInitializer(drawn, weights, inputDim * outputDim) };
}

/** Gives the table as it is. Saved configurations name the initializer that would have drawn one. */
function tableInitializer(drawn: Initializer, table: ArrayLike<number>, length: number): Initializer {
  const values = Float32Array.from(table);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (values.length !== length || wrong >= 0) {
    const got = values.length === length ? `${values[wrong]} in place ${wrong}` : String(values.length);
    const remedy = "pass one row of outputDim numbers per token, row by row";
    throw invalid("embedding", `weights of inputDim · outputDim = ${length} finite values`, got, remedy);
  }
  const initializer: Initializer = { ...drawn, create: () => values.slice() };
  tables.add(initializer);
  return initializer;
}

const tables = new WeakSet<Initializer>();

/** Whether a layer was given a table, which its configuration as plain data does not hold. */
export function hasGivenWeights(layer: { className: string; embeddingsInitializer?: Initializer }): boolean {
  return layer.embeddingsInitializer !== undefined && tables.has(layer.embeddingsInitializer);
}

export interface DenseOptions {
  name?: string;
  /** Whether training changes the weights. Default `true`; a frozen layer takes no part in the clipping of gradients. */
  trainable?: boolean;
  /** Default `"linear"`. */
  activation?: DenseActivation;
  /** Default `true`. */
  useBias?: boolean;
  /** Default `"glorotUniform"`. */
  kernelInitializer?: InitializerOption;
  /** Default `"zeros"`. */
  biasInitializer?: InitializerOption;
  /** What the elements of the kernel add to the loss: `l2(1e-4)` and the like. Default nothing. */
  kernelRegularizer?: RegularizerOption;
  /** What the elements of the bias add to the loss: `l2(1e-4)` and the like. Default nothing. */
  biasRegularizer?: RegularizerOption;
}

/** What layers have that multiply by a kernel. */
export const kernelTable = {
  useBias: [true],
  kernelInitializer: ["glorotUniform", resolveInitializer],
  biasInitializer: ["zeros", resolveInitializer],
  kernelRegularizer: [undefined, regularizer],
  biasRegularizer: [undefined, regularizer],
} as const;

const denseTable: OptionTable<DenseOptions> = {
  trainable: [true],
  activation: ["linear", oneOf([...activations, "softmax"])],
  ...kernelTable,
};

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
  return configured("Dense", "dense", { units: [units, size(2 ** 24)] }, options, denseTable);
}

/**
 * Applies a dense layer to every step of a sequence. A dense layer does so by itself; this is the same under
 * Keras's name for it, as files have it.
 *
 * @throws {InvalidInputError} another layer than a dense one, an unknown option.
 * @example
 * timeDistributed(dense(10, { activation: "softmax" }))
 * @see https://keras.io/api/layers/recurrent_layers/time_distributed/
 */
export function timeDistributed(
  layer: DenseConfig,
  options: { name?: string; trainable?: boolean } = {},
): TimeDistributedConfig {
  const { className } = layer as { className?: string };
  if (className !== "Dense") {
    throw invalid("timeDistributed", "a dense layer", String(className), "pass dense(units)");
  }
  return configured("TimeDistributed", "timeDistributed", { layer: [layer] }, options, { trainable: [true] });
}

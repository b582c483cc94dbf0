import type { Layer } from "webgpu-rnn";
import type { Net } from "./explain";

/** A weight as `getWeights` gives it. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** How a text becomes the net's input; kept in model files under the names that the command line uses too. */
export interface Preprocessing {
  dataset: string;
  numWords: number;
  maxlen: number;
  indexFrom: number;
  /** The words by rank. */
  vocabulary: string[];
}

/** Activations whose mathematics the page has. */
const activations = ["tanh", "relu", "sigmoid", "linear"] as const satisfies readonly Net["activation"][];

/** Everything that is needed to read with a net. */
export interface Model {
  layers: Layer[];
  weights: Weight[];
  preprocessing: Preprocessing;
}

/**
 * The net in the form that `explain` computes with.
 *
 * @throws {Error} a model of other layers than Embedding, SimpleRNN and Dense(1, sigmoid).
 */
export function netOf({ layers, weights }: Model): Net {
  const [embedding, recurrent, output, ...rest] = layers.filter(
    ({ className }) => className !== "InputLayer",
  );
  if (
    embedding?.className !== "Embedding" ||
    recurrent?.className !== "SimpleRNN" ||
    output?.className !== "Dense" ||
    rest.length > 0 ||
    recurrent.returnSequences ||
    recurrent.goBackwards ||
    output.units !== 1 ||
    output.activation !== "sigmoid"
  ) {
    const got = layers.map(({ className }) => className).join(", ");
    throw new Error(
      `This page can look inside Embedding, SimpleRNN, Dense(1, sigmoid); the file holds ${got || "no layers"}.`,
    );
  }
  const activation = activations.find((name) => name === recurrent.activation);
  if (activation === undefined) {
    throw new Error(
      `This page knows ${activations.join(", ")}; the file's SimpleRNN has ${recurrent.activation}.`,
    );
  }
  const ending = (text: string) => weights.find(({ name }) => name.endsWith(text))?.data;
  const denseName =
    weights.find(({ shape }) => shape.length === 2 && shape[1] === 1)?.name.split("/")[0] ?? "dense";
  return {
    vocabularySize: embedding.inputDim,
    width: embedding.outputDim,
    units: recurrent.units,
    activation,
    maskZero: embedding.maskZero,
    embeddings: ending("embeddings") ?? new Float32Array(embedding.inputDim * embedding.outputDim),
    kernel: ending("cell/kernel") ?? new Float32Array(embedding.outputDim * recurrent.units),
    recurrentKernel: ending("recurrent_kernel") ?? new Float32Array(recurrent.units ** 2),
    bias: ending("cell/bias") ?? new Float32Array(recurrent.units),
    denseKernel: ending(`${denseName}/kernel`) ?? new Float32Array(recurrent.units),
    denseBias: ending(`${denseName}/bias`)?.[0] ?? 0,
  };
}

/** As the strings that a model file's metadata can hold. */
export function toMetadata(preprocessing: Preprocessing): Record<string, string> {
  return {
    dataset: preprocessing.dataset,
    num_words: String(preprocessing.numWords),
    maxlen: String(preprocessing.maxlen),
    index_from: String(preprocessing.indexFrom),
    vocabulary: JSON.stringify(preprocessing.vocabulary),
  };
}

/** Reads what {@link toMetadata} wrote; undefined where a file says nothing of its words. */
export function fromMetadata(metadata: Readonly<Record<string, string>>): Preprocessing | undefined {
  const { dataset = "unknown", num_words, maxlen, index_from, vocabulary = "null" } = metadata;
  const words = JSON.parse(vocabulary) as unknown;
  if (!Array.isArray(words) || !(Number(maxlen) > 0)) return undefined;
  return {
    dataset,
    numWords: Number(num_words ?? words.length + 4),
    maxlen: Number(maxlen),
    indexFrom: Number(index_from ?? 3),
    vocabulary: words as string[],
  };
}

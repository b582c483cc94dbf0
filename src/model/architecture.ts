import { describe, InvalidInputError } from "../runtime/errors";
import type { Initializer } from "./initializers";
import type { Layer, Shape } from "./layers";

/** A weight of a layer: its name in the layer, its name in the model, its shape. */
export interface WeightPlan {
  key: string;
  name: string;
  shape: readonly number[];
  initializer: Initializer;
}

/** A layer with its place in the model: unique name, weights, output. */
export interface LayerPlan {
  config: Exclude<Layer, { className: "InputLayer" }>;
  name: string;
  weights: WeightPlan[];
  /** Output shape for an input of `steps` steps. */
  outputShape: (steps: number | null) => Shape;
}

/** A sequential model's layers with everything that follows from their order. */
export interface Architecture {
  layers: LayerPlan[];
  /** Steps as the input layer states them: undefined without one, `null` for any. */
  steps: number | null | undefined;
  inputName: string | undefined;
  /** Columns of the last layer's output. */
  outputs: number;
  /** Whether the output has a row per step. */
  sequences: boolean;
  /** Size of the vocabulary. */
  vocabulary: number;
  /** Whether the embedding's mask reaches the loss: no recurrent layer has used it up. */
  masksLoss: boolean;
}

const automaticNames: Record<Layer["className"], string> = {
  InputLayer: "input_layer",
  Embedding: "embedding",
  SimpleRNN: "simple_rnn",
  Dense: "dense",
};

/**
 * Works out names, shapes and weights.
 *
 * @throws {InvalidInputError} the layers do not fit one another, or two have one name.
 */
export function planArchitecture(configs: readonly Layer[]): Architecture {
  const name = namer();
  const configsLeft = [...configs];
  let steps: number | null | undefined;
  let inputName: string | undefined;
  if (configsLeft[0]?.className === "InputLayer") {
    const first = configsLeft.shift() as Extract<Layer, { className: "InputLayer" }>;
    steps = first.shape[0];
    inputName = name(first);
  }
  const layers: LayerPlan[] = [];
  let width = 0;
  let sequence = true;
  let masked = false;
  let vocabulary = 0;
  configsLeft.forEach((config, i) => {
    const layerName = name(config);
    const weight = (key: string, path: string, shape: number[], initializer: Initializer): WeightPlan => ({
      key,
      name: `${layerName}/${path}`,
      shape,
      initializer,
    });
    const refuse = (expected: string, got: string, remedy: string): never => {
      throw new InvalidInputError(describe(`sequential, layer ${i} (${layerName})`, expected, got, remedy));
    };
    const inputs = width;
    let weights: WeightPlan[];
    switch (config.className) {
      case "InputLayer":
        return refuse("the input layer first", `it in place ${i}`, "move it to the front");
      case "Embedding":
        if (i > 0) refuse("an embedding as the first layer", `it in place ${i}`, "move it to the front");
        width = config.outputDim;
        masked = config.maskZero;
        vocabulary = config.inputDim;
        weights = [
          weight("embeddings", "embeddings", [config.inputDim, width], config.embeddingsInitializer),
        ];
        break;
      case "SimpleRNN": {
        if (i === 0)
          refuse("an embedding before it", "none", "start the model with embedding(inputDim, outputDim)");
        if (!sequence) {
          refuse(
            "a sequence as its input",
            "one vector per sample",
            "set returnSequences on the layer before",
          );
        }
        const { units } = config;
        weights = [
          weight("kernel", "simple_rnn_cell/kernel", [inputs, units], config.kernelInitializer),
          weight(
            "recurrentKernel",
            "simple_rnn_cell/recurrent_kernel",
            [units, units],
            config.recurrentInitializer,
          ),
          ...(config.useBias
            ? [weight("bias", "simple_rnn_cell/bias", [units], config.biasInitializer)]
            : []),
        ];
        width = units;
        sequence = config.returnSequences;
        masked = false;
        break;
      }
      case "Dense":
        if (i === 0)
          refuse("an embedding before it", "none", "start the model with embedding(inputDim, outputDim)");
        weights = [
          weight("kernel", "kernel", [inputs, config.units], config.kernelInitializer),
          ...(config.useBias ? [weight("bias", "bias", [config.units], config.biasInitializer)] : []),
        ];
        width = config.units;
        break;
    }
    const shape = sequence ? (t: number | null): Shape => [null, t, columns] : (): Shape => [null, columns];
    const columns = width;
    layers.push({ config, name: layerName, weights, outputShape: shape });
  });
  if (layers.length === 0) {
    throw new InvalidInputError(
      describe("sequential", "at least one layer", "none", "pass embedding(…), simpleRNN(…) and dense(…)"),
    );
  }
  return { layers, steps, inputName, outputs: width, sequences: sequence, vocabulary, masksLoss: masked };
}

/** @throws {InvalidInputError} the model has no dense layer at its end to which a loss can be put. */
export function checkHead({ layers }: Architecture): void {
  const last = layers[layers.length - 1];
  if (last.config.className !== "Dense") {
    throw new InvalidInputError(
      describe(
        "compile",
        "a model that ends in a dense layer",
        `${last.config.className} as the last layer`,
        "add dense(units, { activation })",
      ),
    );
  }
  const hidden = layers
    .slice(0, -1)
    .find(({ config }) => "activation" in config && config.activation === "softmax");
  if (hidden) {
    throw new InvalidInputError(
      describe(
        "compile",
        "softmax on the last layer only",
        `it on ${hidden.name}`,
        "choose another activation",
      ),
    );
  }
}

/** Names as Keras gives them: the class in snake_case, then with _1, _2, … */
function namer(): (config: Layer) => string {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return (config) => {
    const base = automaticNames[config.className];
    let name = config.name;
    if (name === undefined) {
      const count = counts.get(base) ?? 0;
      counts.set(base, count + 1);
      name = count === 0 ? base : `${base}_${count}`;
    }
    if (taken.has(name)) {
      throw new InvalidInputError(
        describe("sequential", "layers with different names", `two called "${name}"`, "rename one of them"),
      );
    }
    taken.add(name);
    return name;
  };
}

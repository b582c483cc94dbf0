import type { Initializer } from "./initializers";
import type { Regularizer } from "./regularizers";
import type { BidirectionalConfig, Conv1dConfig, DenseConfig, Layer, RecurrentLayer } from "./layers";

/** A weight of a layer: its name in the layer, its name in the model, its shape. */
export interface WeightPlan {
  key: string;
  name: string;
  shape: readonly number[];
  initializer: Initializer;
  /** What it adds to the loss while it is trained. */
  regularizer?: Regularizer;
  /** Whether training changes it. */
  trainable: boolean;
}

/** A weight's name in its layer, its path below the layer's name, shape and first values. */
type Draft = Omit<WeightPlan, "name" | "trainable"> & { path: string };

/** Gates of each recurrent layer: its kernels have this many times as many columns as it has units. */
export const gatesOf: Record<RecurrentLayer["className"], number> = { SimpleRNN: 1, LSTM: 4, GRU: 3 };

/** A name of Keras's or ours in snake_case: what Keras calls a layer that was given no name, and the weights in files. */
export function snakeCase(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
}

/**
 * The weights of a layer in Keras's order, with Keras's names.
 *
 * @param inputs columns of the layer's input
 * @param name the layer's name in the model
 * @param innerName the name of the layer inside a wrapper
 */
export function layerWeights(config: Layer, inputs: number, name: string, innerName: string): WeightPlan[] {
  return drafts(config, inputs, innerName).map(({ path, ...weight }) => ({
    ...weight,
    name: `${name}/${path}`,
    trainable: isTrainable(config),
  }));
}

/** A layer inside a frozen one is frozen, too. */
function isTrainable(config: Layer): boolean {
  if ("layer" in config && !config.layer.trainable) return false;
  return !("trainable" in config) || config.trainable;
}

function drafts(config: Layer, inputs: number, innerName: string): Draft[] {
  switch (config.className) {
    case "Embedding":
      return [draft(config, "embeddings", [config.inputDim, config.outputDim])];
    case "SimpleRNN":
    case "LSTM":
    case "GRU":
      return recurrentWeights(config, inputs);
    case "Bidirectional":
      return bothDirections(config, inputs, innerName);
    case "Dense":
      return kernelAndBias(config, [inputs, config.units]);
    case "TimeDistributed":
      return drafts(config.layer, inputs, innerName).map((weight) => below(innerName, weight));
    case "Conv1D":
      return kernelAndBias(config, [config.kernelSize, inputs, config.filters]);
    default:
      return [];
  }
}

/** @param option what the names of the layer's options for the weight begin with */
function draft(config: object, key: string, shape: number[], option = key): Draft {
  const options = config as Record<string, unknown>;
  const regularizer = options[`${option}Regularizer`] as Regularizer | undefined;
  return {
    key,
    path: snakeCase(key),
    shape,
    initializer: options[`${option}Initializer`] as Initializer,
    ...(regularizer && { regularizer }),
  };
}

function kernelAndBias(config: DenseConfig | Conv1dConfig, shape: number[]): Draft[] {
  const kernel = draft(config, "kernel", shape);
  return config.useBias ? [kernel, draft(config, "bias", shape.slice(-1))] : [kernel];
}

function below(folder: string, weight: Draft): Draft {
  return { ...weight, path: `${folder}/${weight.path}` };
}

function recurrentWeights(config: RecurrentLayer, inputs: number): Draft[] {
  const { className, units, useBias } = config;
  const columns = gatesOf[className] * units;
  // A GRU that resets after the product has a second bias, added to the product.
  const bias = draft(config, "bias", className === "GRU" && config.resetAfter ? [2, columns] : [columns]);
  if (className === "LSTM" && config.unitForgetBias) {
    const { initializer } = bias;
    bias.initializer = {
      ...initializer,
      create: (shape, random) => initializer.create(shape, random).fill(1, units, 2 * units),
    };
  }
  const weights = [
    draft(config, "kernel", [inputs, columns]),
    draft(config, "recurrentKernel", [units, columns], "recurrent"),
    ...(useBias ? [bias] : []),
  ];
  return weights.map((weight) => below(`${snakeCase(className)}_cell`, weight));
}

/** Keras puts the direction before the inner layer's name, unless the name came from a file and has it. */
function bothDirections({ layer }: BidirectionalConfig, inputs: number, innerName: string): Draft[] {
  const bare = innerName.replace(/^forward_/, "");
  return ["forward", "backward"].flatMap((direction) =>
    recurrentWeights(layer, inputs).map((weight) => ({
      ...below(`${direction}_${bare}`, weight),
      key: `${direction}.${weight.key}`,
    })),
  );
}

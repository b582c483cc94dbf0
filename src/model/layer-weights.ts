import type { Initializer } from "./initializers";
import type { Regularizer } from "./regularizers";
import type { BidirectionalConfig, Layer, RecurrentLayer } from "./layers";

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

const cellNames: Record<RecurrentLayer["className"], string> = {
  SimpleRNN: "simple_rnn_cell",
  LSTM: "lstm_cell",
  GRU: "gru_cell",
};

/** What Keras calls a layer that was given no name. */
export const automaticNames: Record<Layer["className"], string> = {
  InputLayer: "input_layer",
  Embedding: "embedding",
  SimpleRNN: "simple_rnn",
  LSTM: "lstm",
  GRU: "gru",
  Bidirectional: "bidirectional",
  Dense: "dense",
  TimeDistributed: "time_distributed",
  Masking: "masking",
  Dropout: "dropout",
  SpatialDropout1D: "spatial_dropout1d",
  Conv1D: "conv1d",
  MaxPooling1D: "max_pooling1d",
  GlobalAveragePooling1D: "global_average_pooling1d",
  GlobalMaxPooling1D: "global_max_pooling1d",
  Flatten: "flatten",
};

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
      return [
        draft(
          "embeddings",
          "embeddings",
          [config.inputDim, config.outputDim],
          config.embeddingsInitializer,
          config.embeddingsRegularizer,
        ),
      ];
    case "SimpleRNN":
    case "LSTM":
    case "GRU":
      return recurrentWeights(config, inputs);
    case "Bidirectional":
      return bothDirections(config, inputs, innerName);
    case "Dense":
      return [
        draft("kernel", "kernel", [inputs, config.units], config.kernelInitializer, config.kernelRegularizer),
        ...(config.useBias
          ? [draft("bias", "bias", [config.units], config.biasInitializer, config.biasRegularizer)]
          : []),
      ];
    case "TimeDistributed":
      return drafts(config.layer, inputs, innerName).map((weight) => ({
        ...weight,
        path: `${innerName}/${weight.path}`,
      }));
    case "Conv1D": {
      const { kernelSize, filters, useBias, kernelInitializer, biasInitializer } = config;
      const shape = [kernelSize, inputs, filters];
      return [
        draft("kernel", "kernel", shape, kernelInitializer, config.kernelRegularizer),
        ...(useBias ? [draft("bias", "bias", [filters], biasInitializer, config.biasRegularizer)] : []),
      ];
    }
    default:
      return [];
  }
}

function draft(
  key: string,
  path: string,
  shape: number[],
  initializer: Initializer,
  regularizer: Regularizer | undefined,
): Draft {
  return { key, path, shape, initializer, ...(regularizer ? { regularizer } : {}) };
}

function recurrentWeights(config: RecurrentLayer, inputs: number): Draft[] {
  const { units, useBias, kernelInitializer, recurrentInitializer } = config;
  const cell = cellNames[config.className];
  const columns = gatesOf[config.className] * units;
  return [
    draft("kernel", `${cell}/kernel`, [inputs, columns], kernelInitializer, config.kernelRegularizer),
    draft(
      "recurrentKernel",
      `${cell}/recurrent_kernel`,
      [units, columns],
      recurrentInitializer,
      config.recurrentRegularizer,
    ),
    ...(useBias
      ? [draft("bias", `${cell}/bias`, biasShape(config), biasInitializer(config), config.biasRegularizer)]
      : []),
  ];
}

/** A GRU that resets after the product has a second bias, added to the product. */
function biasShape(config: RecurrentLayer): number[] {
  const columns = gatesOf[config.className] * config.units;
  return config.className === "GRU" && config.resetAfter ? [2, columns] : [columns];
}

function biasInitializer(config: RecurrentLayer): Initializer {
  if (config.className !== "LSTM" || !config.unitForgetBias) return config.biasInitializer;
  const { units, biasInitializer: initializer } = config;
  return {
    ...initializer,
    create: (shape, random) => initializer.create(shape, random).fill(1, units, 2 * units),
  };
}

/** Keras puts the direction before the inner layer's name, unless the name came from a file and has it. */
function bothDirections({ layer }: BidirectionalConfig, inputs: number, innerName: string): Draft[] {
  const bare = innerName.replace(/^forward_/, "");
  return ["forward", "backward"].flatMap((direction) =>
    recurrentWeights(layer, inputs).map((weight) => ({
      ...weight,
      key: `${direction}.${weight.key}`,
      path: `${direction}_${bare}/${weight.path}`,
    })),
  );
}

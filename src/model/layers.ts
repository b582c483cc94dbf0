import { invalid } from "../runtime/errors";
import { bidirectional, type BidirectionalConfig } from "./layers/bidirectional";
import {
  dense,
  embedding,
  input,
  timeDistributed,
  type DenseConfig,
  type EmbeddingConfig,
  type InputConfig,
  type TimeDistributedConfig,
} from "./layers/core";
import { dropout, spatialDropout1d, type DropoutConfig, type SpatialDropout1dConfig } from "./layers/dropout";
import { masking, type MaskingConfig } from "./layers/masking";
import {
  conv1d,
  flatten,
  globalAveragePooling1d,
  globalMaxPooling1d,
  maxPooling1d,
  type Conv1dConfig,
  type MaxPooling1dConfig,
  type FlattenConfig,
  type GlobalAveragePooling1dConfig,
  type GlobalMaxPooling1dConfig,
} from "./layers/pooling";
import { gru, lstm, simpleRNN, type RecurrentLayer } from "./layers/recurrent";

export * from "./layers/bidirectional";
export * from "./layers/core";
export * from "./layers/dropout";
export * from "./layers/masking";
export * from "./layers/pooling";
export * from "./layers/recurrent";
export type { InitializerOption, Shape } from "./layers/options";

/** A layer as it is passed to `sequential`. */
export type Layer =
  | InputConfig
  | EmbeddingConfig
  | RecurrentLayer
  | BidirectionalConfig
  | DenseConfig
  | TimeDistributedConfig
  | MaskingConfig
  | DropoutConfig
  | SpatialDropout1dConfig
  | Conv1dConfig
  | MaxPooling1dConfig
  | GlobalAveragePooling1dConfig
  | GlobalMaxPooling1dConfig
  | FlattenConfig;

/** Makes a layer from its plain configuration. */
type Maker<Config extends Layer> = (config: Config) => Layer;

const makers: { [Name in Layer["className"]]: Maker<Extract<Layer, { className: Name }>> } = {
  InputLayer: (config) => input({ shape: config.shape, name: config.name }),
  Embedding: (config) =>
    embedding(config.inputDim, config.outputDim, optionsOf(config, "inputDim", "outputDim")),
  SimpleRNN: (config) => simpleRNN(config.units, optionsOf(config, "units")),
  LSTM: (config) => lstm(config.units, optionsOf(config, "units")),
  GRU: (config) => gru(config.units, optionsOf(config, "units")),
  Bidirectional: (config) =>
    bidirectional(layerFromConfig(config.layer) as RecurrentLayer, optionsOf(config, "layer")),
  Dense: (config) => dense(config.units, optionsOf(config, "units")),
  TimeDistributed: (config) =>
    timeDistributed(layerFromConfig(config.layer) as DenseConfig, optionsOf(config, "layer")),
  Masking: (config) => masking(optionsOf(config)),
  Dropout: (config) => dropout(config.rate, optionsOf(config, "rate")),
  SpatialDropout1D: (config) => spatialDropout1d(config.rate, optionsOf(config, "rate")),
  Conv1D: (config) => conv1d(config.filters, config.kernelSize, optionsOf(config, "filters", "kernelSize")),
  MaxPooling1D: (config) => maxPooling1d(config.poolSize, optionsOf(config, "poolSize")),
  GlobalAveragePooling1D: (config) => globalAveragePooling1d(optionsOf(config)),
  GlobalMaxPooling1D: (config) => globalMaxPooling1d(optionsOf(config)),
  Flatten: (config) => flatten(optionsOf(config)),
};

/** Names of all layers, as Keras has them. */
export const layerClasses = Object.keys(makers) as Layer["className"][];

/** A layer of plain data, as `getConfig` gives it; goes through the same checks as one made by hand. */
export function layerFromConfig(config: Layer): Layer {
  const { className } = config as { className?: unknown };
  if (!layerClasses.includes(className as Layer["className"])) {
    throw invalid(
      "sequentialFromConfig",
      `layers among ${layerClasses.join(", ")}`,
      String(className),
      "build the model from these layers",
    );
  }
  return (makers[config.className] as Maker<Layer>)(config);
}

/** What is left of a configuration once the required arguments are taken out. */
function optionsOf(config: Layer, ...required: string[]): object {
  const left = Object.entries(config).filter(([key]) => key !== "className" && !required.includes(key));
  return Object.fromEntries(left);
}

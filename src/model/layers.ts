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
import { invalid } from "../runtime/errors";
import { masking, type MaskingConfig } from "./layers/masking";
import { dropout, spatialDropout1d, type DropoutConfig, type SpatialDropout1dConfig } from "./layers/dropout";
import { gru, lstm, simpleRNN, type RecurrentLayer } from "./layers/recurrent";
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

/** What makes each layer, and the names of the arguments that it takes before its options. */
const makers: Record<
  Layer["className"],
  readonly [make: (...given: never[]) => Layer, ...required: string[]]
> = {
  InputLayer: [input],
  Embedding: [embedding, "inputDim", "outputDim"],
  SimpleRNN: [simpleRNN, "units"],
  LSTM: [lstm, "units"],
  GRU: [gru, "units"],
  Bidirectional: [bidirectional, "layer"],
  Dense: [dense, "units"],
  TimeDistributed: [timeDistributed, "layer"],
  Masking: [masking],
  Dropout: [dropout, "rate"],
  SpatialDropout1D: [spatialDropout1d, "rate"],
  Conv1D: [conv1d, "filters", "kernelSize"],
  MaxPooling1D: [maxPooling1d, "poolSize"],
  GlobalAveragePooling1D: [globalAveragePooling1d],
  GlobalMaxPooling1D: [globalMaxPooling1d],
  Flatten: [flatten],
};

/** Names of all layers, as Keras has them. */
export const layerClasses = Object.keys(makers) as Layer["className"][];

/** A layer of plain data, as `getConfig` gives it; goes through the same checks as one made by hand. */
export function layerFromConfig(config: Layer): Layer {
  const { className, ...options } = config as unknown as Record<string, unknown>;
  if (!layerClasses.includes(className as Layer["className"])) {
    throw invalid(
      "sequentialFromConfig",
      `layers among ${layerClasses.join(", ")}`,
      String(className),
      "build the model from these layers",
    );
  }
  const [make, ...required] = makers[className as Layer["className"]];
  const given = required.map((name) => {
    const value = options[name];
    delete options[name];
    return name === "layer" ? layerFromConfig(value as Layer) : value;
  });
  return make(...([...given, options] as never[]));
}

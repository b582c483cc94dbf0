import { pointwise, pointwiseActivations } from "../reference/activation";
import type {
  Activation,
  DenseDescription,
  LayerDescription,
  LossDescription,
  LossName,
  OptimizerDescription,
  RecurrentDescription,
  RegularizerDescription,
} from "./layers";

/** What a golden's `model_config` says, in this library's terms. */
export interface ParsedModelConfig {
  readonly layers: LayerDescription[];
  /** Time steps where the input layer fixes them. */
  readonly inputLength: number | null;
}

interface KerasObject {
  readonly class_name: string;
  readonly config: Record<string, unknown>;
}

/** Reads Keras's own JSON of a Sequential model. */
export function parseModelConfig(json: string): ParsedModelConfig {
  const { config } = JSON.parse(json) as KerasObject;
  const layers = config.layers as KerasObject[];
  const input = layers.find((layer) => layer.class_name === "InputLayer");
  const batchShape = input?.config.batch_shape as (number | null)[] | undefined;
  return {
    layers: layers.filter((layer) => layer.class_name !== "InputLayer").map(parseLayer),
    inputLength: batchShape?.[1] ?? null,
  };
}

function parseLayer(layer: KerasObject): LayerDescription {
  const { class_name: className, config } = layer;
  const name = config.name as string;
  switch (className) {
    case "Embedding":
      return {
        type: "embedding",
        name,
        inputDim: config.input_dim as number,
        outputDim: config.output_dim as number,
        maskZero: config.mask_zero as boolean,
        ...parseRegularizers(config),
      };
    case "Dense":
      return parseDense(layer);
    case "TimeDistributed":
      return { type: "timeDistributed", name, layer: parseDense(config.layer as KerasObject) };
    case "Masking":
      return { type: "masking", name, maskValue: config.mask_value as number };
    case "Dropout":
      return { type: "dropout", name, rate: config.rate as number };
    case "SpatialDropout1D":
      return { type: "spatialDropout1d", name, rate: config.rate as number };
    case "Conv1D":
      return {
        type: "conv1d",
        name,
        filters: config.filters as number,
        kernelSize: only(config.kernel_size),
        strides: only(config.strides),
        padding: config.padding as "valid" | "same" | "causal",
        activation: pointwise(parseActivation(config.activation)),
        useBias: config.use_bias as boolean,
        ...parseRegularizers(config),
      };
    case "MaxPooling1D":
      return {
        type: "maxPooling1d",
        name,
        poolSize: only(config.pool_size),
        strides: only(config.strides),
        padding: config.padding as "valid" | "same",
      };
    case "GlobalAveragePooling1D":
      return { type: "globalAveragePooling1d", name };
    case "GlobalMaxPooling1D":
      return { type: "globalMaxPooling1d", name };
    case "Flatten":
      return { type: "flatten", name };
    case "Bidirectional":
      return {
        type: "bidirectional",
        name,
        mergeMode: config.merge_mode as "concat" | "sum" | "mul" | "ave",
        layer: parseRecurrent(config.layer as KerasObject),
      };
    default:
      return parseRecurrent(layer);
  }
}

function parseDense({ class_name: className, config }: KerasObject): DenseDescription {
  if (className !== "Dense") throw new Error(`golden: expected a dense layer, got ${className}`);
  return {
    type: "dense",
    name: config.name as string,
    units: config.units as number,
    activation: parseActivation(config.activation),
    useBias: config.use_bias as boolean,
    ...parseRegularizers(config),
  };
}

/** The one element of a list; Keras writes sizes along one axis so. */
function only(sizes: unknown): number {
  return Array.isArray(sizes) ? (sizes[0] as number) : (sizes as number);
}

function parseRecurrent({ class_name: className, config }: KerasObject): RecurrentDescription {
  const types = { SimpleRNN: "simpleRNN", LSTM: "lstm", GRU: "gru" } as const;
  if (!Object.hasOwn(types, className)) throw new Error(`golden: unknown layer class ${className}`);
  const type = types[className as keyof typeof types];
  return {
    type,
    name: config.name as string,
    units: config.units as number,
    activation: parseActivation(config.activation),
    useBias: config.use_bias as boolean,
    returnSequences: config.return_sequences as boolean,
    goBackwards: config.go_backwards as boolean,
    ...parseRegularizers(config),
    ...(config.stateful === true ? { stateful: true } : {}),
    ...(config.dropout ? { dropout: config.dropout as number } : {}),
    ...(config.recurrent_dropout ? { recurrentDropout: config.recurrent_dropout as number } : {}),
    ...(type === "simpleRNN" ? {} : { recurrentActivation: parseActivation(config.recurrent_activation) }),
    ...(type === "gru" ? { resetAfter: config.reset_after as boolean } : {}),
  };
}

/** What weights add to the loss, under this library's names. */
function parseRegularizers(config: Record<string, unknown>): Record<string, RegularizerDescription> {
  const found: Record<string, RegularizerDescription> = {};
  for (const key of ["embeddings", "kernel", "recurrent", "bias"]) {
    const stored = config[`${key}_regularizer`] as KerasObject | null | undefined;
    if (!stored) continue;
    if (!["L1", "L2", "L1L2"].includes(stored.class_name)) {
      throw new Error(`golden: unknown regularizer ${stored.class_name}`);
    }
    const { l1 = 0, l2 = 0 } = stored.config as { l1?: number; l2?: number };
    found[`${key}Regularizer`] = { l1, l2 };
  }
  return found;
}

/** Keras's snake_case in this library's names; none is linear. */
function parseActivation(name: unknown): Activation {
  const camel = ((name as string | null) ?? "linear").replace(/_(\w)/g, (_match, letter: string) =>
    letter.toUpperCase(),
  );
  const known = [...pointwiseActivations, "softmax"] as const;
  const activation = known.find((one) => one === camel);
  if (activation === undefined) throw new Error(`golden: unknown activation ${String(name)}`);
  return activation;
}

/** Reads Keras's own JSON of an optimizer. */
export function parseOptimizerConfig(json: string): OptimizerDescription {
  const { class_name: className, config } = JSON.parse(json) as KerasObject;
  const learningRate = config.learning_rate as number;
  const shared = {
    learningRate,
    ...optional("weightDecay", config.weight_decay),
    ...optional("clipnorm", config.clipnorm),
    ...optional("globalClipnorm", config.global_clipnorm),
    ...optional("clipvalue", config.clipvalue),
  };
  const momentum = (config.momentum as number | undefined) ?? 0;
  switch (className) {
    case "RMSprop": {
      const { rho, epsilon, centered } = config as { rho: number; epsilon: number; centered: boolean };
      return { type: "rmsprop", ...shared, rho, momentum, epsilon, centered };
    }
    case "SGD":
      return { type: "sgd", ...shared, momentum, nesterov: config.nesterov as boolean };
    case "Adam":
    case "AdamW":
      return {
        type: className === "Adam" ? "adam" : "adamw",
        ...shared,
        beta1: config.beta_1 as number,
        beta2: config.beta_2 as number,
        epsilon: config.epsilon as number,
        amsgrad: config.amsgrad as boolean,
      };
    case "Nadam":
      return {
        type: "nadam",
        ...shared,
        beta1: config.beta_1 as number,
        beta2: config.beta_2 as number,
        epsilon: config.epsilon as number,
      };
    default:
      throw new Error(`golden: unknown optimizer class ${className}`);
  }
}

function optional<Key extends string>(key: Key, value: unknown): Partial<Record<Key, number>> {
  return typeof value === "number" ? ({ [key]: value } as Record<Key, number>) : {};
}

/** Reads a loss: a name, or Keras's JSON of a loss object. */
export function parseLoss(text: string): LossDescription {
  const names: Record<string, LossName> = {
    binary_crossentropy: "binaryCrossentropy",
    sparse_categorical_crossentropy: "sparseCategoricalCrossentropy",
    categorical_crossentropy: "categoricalCrossentropy",
    mean_squared_error: "meanSquaredError",
    mse: "meanSquaredError",
    mean_absolute_error: "meanAbsoluteError",
  };
  const isObject = text.startsWith("{");
  const config = isObject ? (JSON.parse(text) as KerasObject).config : { name: text, from_logits: false };
  const name = names[config.name as string];
  if (name === undefined) throw new Error(`golden: unknown loss ${text}`);
  return { name, fromLogits: config.from_logits === true };
}

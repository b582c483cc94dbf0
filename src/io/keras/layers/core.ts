import { dense, embedding, input, masking, timeDistributed } from "../../../model/layers";
import type {
  DenseConfig,
  EmbeddingConfig,
  FlattenConfig,
  InputConfig,
  MaskingConfig,
  TimeDistributedConfig,
} from "../../../model/layers";
import { refused, shown } from "../../stored-model";
import { knownActivations } from "../activations";
import { regularizerToKeras } from "../regularizers";
import type { ConfigReader } from "../reader";
import { ownVariable, trainingOnly, withoutExtras } from "./translation";
import type { Translation } from "./translation";

export const inputTranslation: Translation<InputConfig> = {
  fromKeras(config) {
    config.refuseUnless({ sparse: false, ragged: false });
    const shape = config.values.batch_shape ?? config.values.batch_input_shape;
    return input({ shape: [stepsOf(config, shape)], name: config.name });
  },
  toKeras: ({ shape }) => ({ batch_shape: [null, ...shape], sparse: false, ragged: false }),
  variablePath: ownVariable,
};

export const embeddingTranslation: Translation<EmbeddingConfig> = {
  fromKeras(config) {
    config.refuseUnless(withoutExtras);
    return embedding(config.size("input_dim"), config.size("output_dim"), {
      name: config.name,
      trainable: config.flag("trainable", true),
      maskZero: config.flag("mask_zero", false),
      embeddingsInitializer: config.initializer("embeddings_initializer", "randomUniform"),
      ...config.regularizer("embeddings_regularizer", "embeddingsRegularizer"),
    });
  },
  toKeras: (config, words) => ({
    input_dim: config.inputDim,
    output_dim: config.outputDim,
    embeddings_initializer: words.initializer(config.embeddingsInitializer),
    embeddings_regularizer: regularizerToKeras(config.embeddingsRegularizer),
    activity_regularizer: null,
    embeddings_constraint: null,
    mask_zero: config.maskZero,
  }),
  variablePath: ownVariable,
};

export const maskingTranslation: Translation<MaskingConfig> = {
  fromKeras: (config) => masking({ name: config.name, maskValue: config.float("mask_value", 0) }),
  toKeras: ({ maskValue }) => ({ mask_value: maskValue }),
  variablePath: ownVariable,
};

export const denseTranslation: Translation<DenseConfig> = {
  fromKeras(config) {
    config.refuseUnless(withoutExtras);
    return dense(config.size("units"), {
      name: config.name,
      trainable: config.flag("trainable", true),
      activation: config.activation("activation", knownActivations, "linear"),
      useBias: config.flag("use_bias", true),
      kernelInitializer: config.initializer("kernel_initializer", "glorotUniform"),
      ...config.regularizer("kernel_regularizer", "kernelRegularizer"),
      biasInitializer: config.initializer("bias_initializer", "zeros"),
      ...config.regularizer("bias_regularizer", "biasRegularizer"),
    });
  },
  toKeras: (config, words) => ({
    units: config.units,
    activation: words.activation(config.activation),
    use_bias: config.useBias,
    kernel_initializer: words.initializer(config.kernelInitializer),
    bias_initializer: words.initializer(config.biasInitializer),
    kernel_regularizer: regularizerToKeras(config.kernelRegularizer),
    bias_regularizer: regularizerToKeras(config.biasRegularizer),
    kernel_constraint: null,
    bias_constraint: null,
  }),
  variablePath: ownVariable,
};

export const timeDistributedTranslation: Translation<TimeDistributedConfig> = {
  fromKeras(config) {
    const inner = config.inner("layer");
    if (inner.className !== "Dense") {
      const remedy = "the engine has no others yet";
      throw refused(`a Dense inside ${config.where}`, inner.where, remedy);
    }
    inner.noteUnless(trainingOnly);
    return timeDistributed(denseTranslation.fromKeras(inner), {
      name: config.name,
      trainable: config.flag("trainable", true),
    });
  },
  toKeras: ({ layer }, words, innerName) => ({ layer: words.layer(layer, innerName) }),
  variablePath: (index) => `layer/vars/${index}`,
};

export const flattenTranslation: Translation<FlattenConfig> = {
  fromKeras(config) {
    // With channels first Keras turns the axes before it flattens.
    config.refuseUnless({ data_format: "channels_last" });
    return { className: "Flatten", name: config.name };
  },
  toKeras: () => ({ data_format: "channels_last" }),
  variablePath: ownVariable,
};

/** What to know about a model of other inputs. */
export const takesTokens = "the engine's models take token ids, a row for each sample";

/** The steps of an input's shape [batch, steps] or [batch, steps, features]; a fixed batch is let go. */
export function stepsOf(config: ConfigReader, shape: unknown): number | null {
  if (!Array.isArray(shape) || shape.length < 2 || shape.length > 3) {
    throw refused(`[batch, steps] as the input of ${config.where}`, shown(shape), takesTokens);
  }
  const [batch, steps] = shape as unknown[];
  if (batch !== null) {
    config.notes.push(`${config.where}: the batch size ${shown(batch)} is ignored, any will do`);
  }
  if (steps === null || (typeof steps === "number" && Number.isInteger(steps) && steps > 0)) return steps;
  throw refused(`steps of ${config.where} as a whole number or null`, shown(steps));
}

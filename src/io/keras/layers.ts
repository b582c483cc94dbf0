import { dense, embedding, input, simpleRNN } from "../../model/layers";
import type { Layer } from "../../model/layers";
import { refused, shown } from "../stored-model";
import { initializerToKeras } from "./initializers";
import type { ConfigReader } from "./reader";

/** How one class of layer is written in Keras's files. A new layer of the engine is one entry more. */
interface Translation<Config extends Layer> {
  /** Checks a layer's configuration, and turns it into the engine's. */
  fromKeras(config: ConfigReader): Config;
  /** The entries of Keras's configuration, apart from `name`, `trainable` and `dtype`. */
  toKeras(config: Config): Record<string, unknown>;
  /** Where in the layer's group of a `.weights.h5` file its weight number `index` lies. */
  variablePath(index: number): string;
}

const cellActivations = ["tanh", "relu", "sigmoid", "linear"] as const;
const denseActivations = [...cellActivations, "softmax"] as const;

/** What a layer may say without any effect on its output, here as there. */
const trainingOnly = {
  trainable: true,
  kernel_regularizer: null,
  recurrent_regularizer: null,
  bias_regularizer: null,
  embeddings_regularizer: null,
  activity_regularizer: null,
  kernel_constraint: null,
  recurrent_constraint: null,
  bias_constraint: null,
  embeddings_constraint: null,
  dropout: 0,
  recurrent_dropout: 0,
};

const translations: {
  [Name in Layer["className"]]: Translation<Extract<Layer, { className: Name }>>;
} = {
  InputLayer: {
    fromKeras(config) {
      config.refuseUnless({ sparse: false, ragged: false });
      const shape = config.values.batch_shape ?? config.values.batch_input_shape;
      return input({ shape: [stepsOf(config, shape)], name: config.name });
    },
    toKeras: ({ shape }) => ({ batch_shape: [null, ...shape], sparse: false, ragged: false }),
    variablePath: (index) => `vars/${index}`,
  },

  Embedding: {
    fromKeras(config) {
      config.refuseUnless({ lora_rank: null, quantization_config: null });
      config.noteUnless(trainingOnly);
      return embedding(config.size("input_dim"), config.size("output_dim"), {
        name: config.name,
        maskZero: config.flag("mask_zero", false),
        embeddingsInitializer: config.initializer("embeddings_initializer", "randomUniform"),
      });
    },
    toKeras: (config) => ({
      input_dim: config.inputDim,
      output_dim: config.outputDim,
      embeddings_initializer: initializerToKeras(config.embeddingsInitializer),
      embeddings_regularizer: null,
      activity_regularizer: null,
      embeddings_constraint: null,
      mask_zero: config.maskZero,
    }),
    variablePath: (index) => `vars/${index}`,
  },

  SimpleRNN: {
    fromKeras(config) {
      config.refuseUnless({
        stateful: false,
        return_state: false,
        zero_output_for_mask: false,
        time_major: false,
      });
      config.noteUnless(trainingOnly);
      return simpleRNN(config.size("units"), {
        name: config.name,
        activation: config.activation("activation", cellActivations, "tanh"),
        useBias: config.flag("use_bias", true),
        kernelInitializer: config.initializer("kernel_initializer", "glorotUniform"),
        recurrentInitializer: config.initializer("recurrent_initializer", "orthogonal"),
        biasInitializer: config.initializer("bias_initializer", "zeros"),
        returnSequences: config.flag("return_sequences", false),
        goBackwards: config.flag("go_backwards", false),
      });
    },
    toKeras: (config) => ({
      return_sequences: config.returnSequences,
      return_state: false,
      go_backwards: config.goBackwards,
      stateful: false,
      unroll: false,
      units: config.units,
      activation: config.activation,
      use_bias: config.useBias,
      kernel_initializer: initializerToKeras(config.kernelInitializer),
      recurrent_initializer: initializerToKeras(config.recurrentInitializer),
      bias_initializer: initializerToKeras(config.biasInitializer),
      kernel_regularizer: null,
      recurrent_regularizer: null,
      bias_regularizer: null,
      activity_regularizer: null,
      kernel_constraint: null,
      recurrent_constraint: null,
      bias_constraint: null,
      dropout: 0,
      recurrent_dropout: 0,
    }),
    variablePath: (index) => `cell/vars/${index}`,
  },

  Dense: {
    fromKeras(config) {
      config.refuseUnless({ lora_rank: null, quantization_config: null });
      config.noteUnless(trainingOnly);
      return dense(config.size("units"), {
        name: config.name,
        activation: config.activation("activation", denseActivations, "linear"),
        useBias: config.flag("use_bias", true),
        kernelInitializer: config.initializer("kernel_initializer", "glorotUniform"),
        biasInitializer: config.initializer("bias_initializer", "zeros"),
      });
    },
    toKeras: (config) => ({
      units: config.units,
      activation: config.activation,
      use_bias: config.useBias,
      kernel_initializer: initializerToKeras(config.kernelInitializer),
      bias_initializer: initializerToKeras(config.biasInitializer),
      kernel_regularizer: null,
      bias_regularizer: null,
      kernel_constraint: null,
      bias_constraint: null,
    }),
    variablePath: (index) => `vars/${index}`,
  },
};

/** The classes of layers that can be read and written. */
export const layerClasses = Object.keys(translations) as Layer["className"][];

/** Whether the engine has layers of a class of Keras's. */
export function isLayerClass(name: string): name is Layer["className"] {
  return Object.hasOwn(translations, name);
}

/** The activations that `Activation` may put behind a dense layer. */
export const foldableActivations = denseActivations;

/** The engine's layer of a configuration of Keras's. */
export function layerFromKeras(className: Layer["className"], config: ConfigReader): Layer {
  return translations[className].fromKeras(config);
}

/** Keras's configuration of a layer, under the name it has in the model. */
export function layerToKeras(layer: Layer, name: string): Record<string, unknown> {
  const translation = translations[layer.className] as Translation<Layer>;
  return { name, trainable: true, dtype: "float32", ...translation.toKeras(layer) };
}

/** Where a layer's weight number `index` lies in its group of a `.weights.h5` file. */
export function variablePath(className: Layer["className"], index: number): string {
  return translations[className].variablePath(index);
}

/** The steps of an input's shape [batch, steps]; a fixed batch is let go. */
export function stepsOf(config: ConfigReader, shape: unknown): number | null {
  if (!Array.isArray(shape) || shape.length !== 2) {
    const remedy = "the engine's models take token ids, a row for each sample";
    throw refused(`[batch, steps] as the input of ${config.where}`, shown(shape), remedy);
  }
  const [batch, steps] = shape as unknown[];
  if (batch !== null) {
    config.notes.push(`${config.where}: the batch size ${shown(batch)} is ignored, any will do`);
  }
  if (steps === null || (typeof steps === "number" && Number.isInteger(steps) && steps > 0)) return steps;
  throw refused(`steps of ${config.where} as a whole number or null`, shown(steps));
}

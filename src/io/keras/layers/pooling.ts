import {
  conv1d,
  dropout,
  globalAveragePooling1d,
  globalMaxPooling1d,
  maxPooling1d,
  spatialDropout1d,
} from "../../../model/layers";
import type {
  Conv1dConfig,
  DropoutConfig,
  GlobalAveragePooling1dConfig,
  GlobalMaxPooling1dConfig,
  MaxPooling1dConfig,
  SpatialDropout1dConfig,
} from "../../../model/layers";
import { pointwiseActivations } from "../activations";
import { regularizerToKeras } from "../regularizers";
import { ownVariable, withoutExtras } from "./translation";
import type { Translation } from "./translation";

export const dropoutTranslation: Translation<DropoutConfig> = {
  fromKeras(config) {
    config.noteUnless({ noise_shape: null });
    return dropout(config.share("rate"), { name: config.name });
  },
  toKeras: ({ rate }) => ({ rate, noise_shape: null, seed: null }),
  variablePath: ownVariable,
};

export const spatialDropoutTranslation: Translation<SpatialDropout1dConfig> = {
  fromKeras: (config) => spatialDropout1d(config.share("rate"), { name: config.name }),
  // Unlike all other layers of Keras's, it cannot be made with a `trainable`.
  toKeras: ({ rate }) => ({ rate, seed: null, trainable: undefined }),
  variablePath: ownVariable,
};

export const conv1dTranslation: Translation<Conv1dConfig> = {
  fromKeras(config) {
    config.refuseUnless({ ...withoutExtras, data_format: "channels_last", dilation_rate: 1, groups: 1 });
    return conv1d(config.size("filters"), config.single("kernel_size"), {
      name: config.name,
      trainable: config.flag("trainable", true),
      strides: config.single("strides", 1),
      padding: config.word("padding", ["valid", "same", "causal"] as const, "valid"),
      activation: config.activation("activation", pointwiseActivations, "linear"),
      useBias: config.flag("use_bias", true),
      kernelInitializer: config.initializer("kernel_initializer", "glorotUniform"),
      ...config.regularizer("kernel_regularizer", "kernelRegularizer"),
      biasInitializer: config.initializer("bias_initializer", "zeros"),
      ...config.regularizer("bias_regularizer", "biasRegularizer"),
    });
  },
  toKeras: (config, words) => ({
    filters: config.filters,
    kernel_size: [config.kernelSize],
    strides: [config.strides],
    padding: config.padding,
    data_format: "channels_last",
    dilation_rate: [1],
    groups: 1,
    activation: words.activation(config.activation),
    use_bias: config.useBias,
    kernel_initializer: words.initializer(config.kernelInitializer),
    bias_initializer: words.initializer(config.biasInitializer),
    kernel_regularizer: regularizerToKeras(config.kernelRegularizer),
    bias_regularizer: regularizerToKeras(config.biasRegularizer),
    activity_regularizer: null,
    kernel_constraint: null,
    bias_constraint: null,
  }),
  variablePath: ownVariable,
};

export const maxPooling1dTranslation: Translation<MaxPooling1dConfig> = {
  fromKeras(config) {
    config.refuseUnless({ data_format: "channels_last" });
    const poolSize = config.single("pool_size", 2);
    return maxPooling1d(poolSize, {
      name: config.name,
      strides: config.single("strides", poolSize),
      padding: config.word("padding", ["valid", "same"] as const, "valid"),
    });
  },
  toKeras: ({ poolSize, strides, padding }) => ({
    pool_size: [poolSize],
    strides: [strides],
    padding,
    data_format: "channels_last",
  }),
  variablePath: ownVariable,
};

function globalPoolingTranslation<Config extends GlobalAveragePooling1dConfig | GlobalMaxPooling1dConfig>(
  make: (options: { name?: string }) => Config,
): Translation<Config> {
  return {
    fromKeras(config) {
      config.refuseUnless({ data_format: "channels_last", keepdims: false });
      return make({ name: config.name });
    },
    toKeras: () => ({ data_format: "channels_last", keepdims: false }),
    variablePath: ownVariable,
  };
}

export const globalAveragePooling1dTranslation = globalPoolingTranslation(globalAveragePooling1d);
export const globalMaxPooling1dTranslation = globalPoolingTranslation(globalMaxPooling1d);

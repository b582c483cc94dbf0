import type { StoredInitializer } from "../../../model/initializers";
import type { Regularizer } from "../../../model/regularizers";
import { bidirectional, gru, lstm, simpleRNN } from "../../../model/layers";
import type {
  BidirectionalConfig,
  GruConfig,
  LstmConfig,
  RecurrentLayer,
  SimpleRnnConfig,
} from "../../../model/layers";
import { refused } from "../../stored-model";
import { pointwiseActivations } from "../activations";
import type { Pointwise } from "../activations";
import { regularizerToKeras } from "../regularizers";
import type { ConfigReader } from "../reader";
import { trainingOnly } from "./translation";
import type { Translation, Words } from "./translation";

const cellVariable = (index: number): string => `cell/vars/${index}`;

/** What the three layers have in common, as a file says it. */
function sharedOptions(config: ConfigReader): {
  name: string | undefined;
  trainable: boolean;
  activation: Pointwise;
  useBias: boolean;
  kernelInitializer: StoredInitializer;
  recurrentInitializer: StoredInitializer;
  biasInitializer: StoredInitializer;
  kernelRegularizer?: Regularizer;
  recurrentRegularizer?: Regularizer;
  biasRegularizer?: Regularizer;
  returnSequences: boolean;
  goBackwards: boolean;
  stateful: boolean;
  dropout: number;
  recurrentDropout: number;
} {
  config.refuseUnless({ return_state: false, zero_output_for_mask: false, time_major: false });
  return {
    name: config.name,
    trainable: config.flag("trainable", true),
    activation: config.activation("activation", pointwiseActivations, "tanh"),
    useBias: config.flag("use_bias", true),
    kernelInitializer: config.initializer("kernel_initializer", "glorotUniform"),
    ...config.regularizer("kernel_regularizer", "kernelRegularizer"),
    recurrentInitializer: config.initializer("recurrent_initializer", "orthogonal"),
    ...config.regularizer("recurrent_regularizer", "recurrentRegularizer"),
    biasInitializer: config.initializer("bias_initializer", "zeros"),
    ...config.regularizer("bias_regularizer", "biasRegularizer"),
    returnSequences: config.flag("return_sequences", false),
    goBackwards: config.flag("go_backwards", false),
    stateful: config.flag("stateful", false),
    dropout: config.share("dropout"),
    recurrentDropout: config.share("recurrent_dropout"),
  };
}

function sharedEntries(config: RecurrentLayer, words: Words): Record<string, unknown> {
  return {
    return_sequences: config.returnSequences,
    // A Sequential model of Keras has one output: states are for `predict` of this library alone.
    return_state: false,
    go_backwards: config.goBackwards,
    stateful: config.stateful,
    unroll: false,
    zero_output_for_mask: false,
    units: config.units,
    activation: words.activation(config.activation),
    use_bias: config.useBias,
    kernel_initializer: words.initializer(config.kernelInitializer),
    recurrent_initializer: words.initializer(config.recurrentInitializer),
    bias_initializer: words.initializer(config.biasInitializer),
    kernel_regularizer: regularizerToKeras(config.kernelRegularizer),
    recurrent_regularizer: regularizerToKeras(config.recurrentRegularizer),
    bias_regularizer: regularizerToKeras(config.biasRegularizer),
    activity_regularizer: null,
    kernel_constraint: null,
    recurrent_constraint: null,
    bias_constraint: null,
    dropout: config.dropout,
    recurrent_dropout: config.recurrentDropout,
  };
}

/** Before Keras 2.3 gates were hard sigmoids by default; its files say so all the same. */
function gates(config: ConfigReader): Pointwise {
  return config.activation("recurrent_activation", pointwiseActivations, "sigmoid");
}

export const simpleRnnTranslation: Translation<SimpleRnnConfig> = {
  fromKeras: (config) => simpleRNN(config.size("units"), sharedOptions(config)),
  toKeras: (config, words) => sharedEntries(config, words),
  variablePath: cellVariable,
};

export const lstmTranslation: Translation<LstmConfig> = {
  fromKeras: (config) =>
    lstm(config.size("units"), {
      ...sharedOptions(config),
      recurrentActivation: gates(config),
      unitForgetBias: config.flag("unit_forget_bias", true),
    }),
  toKeras: (config, words) => ({
    ...sharedEntries(config, words),
    recurrent_activation: words.activation(config.recurrentActivation),
    unit_forget_bias: config.unitForgetBias,
  }),
  variablePath: cellVariable,
};

export const gruTranslation: Translation<GruConfig> = {
  fromKeras: (config) =>
    gru(config.size("units"), {
      ...sharedOptions(config),
      recurrentActivation: gates(config),
      // Keras 2.0 knows one form alone, and does not name it.
      resetAfter: config.flag("reset_after", config.dialect.isKeras3),
    }),
  toKeras: (config, words) => ({
    ...sharedEntries(config, words),
    recurrent_activation: words.activation(config.recurrentActivation),
    reset_after: config.resetAfter,
  }),
  variablePath: cellVariable,
};

const cells: Readonly<Record<string, { fromKeras(config: ConfigReader): RecurrentLayer }>> = {
  SimpleRNN: simpleRnnTranslation,
  LSTM: lstmTranslation,
  GRU: gruTranslation,
};

export const bidirectionalTranslation: Translation<BidirectionalConfig> = {
  fromKeras(config) {
    const layer = direction(config, "layer", "forward_");
    if (config.values.backward_layer !== undefined && config.values.backward_layer !== null) {
      const backward = direction(config, "backward_layer", "backward_");
      checkMirrored(config, layer, backward);
    }
    if (config.values.merge_mode === null) {
      throw refused(`merge_mode of ${config.where}`, "none, which gives two outputs", "set it in Keras");
    }
    const mergeMode = config.word("merge_mode", ["concat", "sum", "mul", "ave"] as const, "concat");
    return bidirectional(layer, { name: config.name, trainable: config.flag("trainable", true), mergeMode });
  },
  toKeras({ layer, mergeMode }, words, innerName) {
    // Keras zeroes the masked steps of a bidirectional layer that returns sequences.
    const masked = { zero_output_for_mask: layer.returnSequences };
    if (!words.bothDirections) return { merge_mode: mergeMode, layer: words.layer(layer, innerName) };
    const backwards = { go_backwards: !layer.goBackwards, ...masked };
    return {
      merge_mode: mergeMode,
      layer: words.layer(layer, `forward_${innerName}`, masked),
      backward_layer: words.layer(layer, `backward_${innerName}`, backwards),
    };
  },
  variablePath(index, count) {
    const half = count / 2;
    const [way, own] = index < half ? ["forward_layer", index] : ["backward_layer", index - half];
    return `${way}/${cellVariable(own)}`;
  },
};

/** One of the two layers, under the name that both are made from. */
function direction(config: ConfigReader, key: string, prefix: string): RecurrentLayer {
  const inner = config.inner(key);
  if (!Object.hasOwn(cells, inner.className)) {
    const expected = `${Object.keys(cells).join(", ")} inside ${config.where}`;
    throw refused(expected, inner.where, "the engine has no others yet");
  }
  inner.noteUnless(trainingOnly);
  // Keras forces this one to what it must be here.
  const layer = cells[inner.className].fromKeras(inner.changed({ zero_output_for_mask: false }));
  return { ...layer, name: layer.name?.startsWith(prefix) ? layer.name.slice(prefix.length) : layer.name };
}

/** The second layer is the first run the other way; Keras allows others. */
function checkMirrored(config: ConfigReader, forward: RecurrentLayer, backward: RecurrentLayer): void {
  const comparable = (layer: RecurrentLayer, goBackwards: boolean): string =>
    JSON.stringify({ ...layer, name: undefined, goBackwards });
  if (comparable(forward, forward.goBackwards) === comparable(backward, !backward.goBackwards)) return;
  const expected = `backward_layer of ${config.where} as its layer run backwards`;
  throw refused(expected, "another", "the engine has no others yet");
}

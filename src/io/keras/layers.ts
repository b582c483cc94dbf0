import type { Layer } from "../../model/layers";
import { initializerToKeras } from "./initializers";
import { activationToKeras } from "./activations";
import {
  denseTranslation,
  embeddingTranslation,
  flattenTranslation,
  inputTranslation,
  maskingTranslation,
  timeDistributedTranslation,
} from "./layers/core";
import {
  conv1dTranslation,
  dropoutTranslation,
  globalAveragePooling1dTranslation,
  globalMaxPooling1dTranslation,
  maxPooling1dTranslation,
  spatialDropoutTranslation,
} from "./layers/pooling";
import {
  bidirectionalTranslation,
  gruTranslation,
  lstmTranslation,
  simpleRnnTranslation,
} from "./layers/recurrent";
import { trainingOnly } from "./layers/translation";
import type { Translation, Words } from "./layers/translation";
import type { ConfigReader } from "./reader";

const translations: {
  [Name in Layer["className"]]: Translation<Extract<Layer, { className: Name }>>;
} = {
  InputLayer: inputTranslation,
  Embedding: embeddingTranslation,
  SimpleRNN: simpleRnnTranslation,
  LSTM: lstmTranslation,
  GRU: gruTranslation,
  Bidirectional: bidirectionalTranslation,
  Dense: denseTranslation,
  TimeDistributed: timeDistributedTranslation,
  Masking: maskingTranslation,
  Dropout: dropoutTranslation,
  SpatialDropout1D: spatialDropoutTranslation,
  Conv1D: conv1dTranslation,
  MaxPooling1D: maxPooling1dTranslation,
  GlobalAveragePooling1D: globalAveragePooling1dTranslation,
  GlobalMaxPooling1D: globalMaxPooling1dTranslation,
  Flatten: flattenTranslation,
};

/** The classes of layers that can be read and written. */
export const layerClasses = Object.keys(translations) as Layer["className"][];

/** Whether the engine has layers of a class of Keras's. */
export function isLayerClass(name: string): name is Layer["className"] {
  return Object.hasOwn(translations, name);
}

/** The engine's layer of a configuration of Keras's. */
export function layerFromKeras(className: Layer["className"], config: ConfigReader): Layer {
  config.noteUnless(trainingOnly);
  return translations[className].fromKeras(config);
}

/** A layer with the names that it and the layer inside it have in the model. */
export interface NamedLayer {
  readonly layer: Layer;
  readonly name: string;
  /** Empty where there is no layer inside. */
  readonly innerName: string;
}

/** Keras's configuration of a layer, in the words of the program that shall read it. */
export function layerToKeras({ layer, name, innerName }: NamedLayer, words: Words): Record<string, unknown> {
  const translation = translations[layer.className] as Translation<Layer>;
  const trainable = !("trainable" in layer) || layer.trainable;
  const written = trainable ? layer : frozen(layer);
  return { name, trainable, dtype: "float32", ...translation.toKeras(written, words, innerName) };
}

/** A layer that is not trained, nor what is in it: Keras asks the layer inside. */
function frozen(layer: Layer): Layer {
  return "layer" in layer ? ({ ...layer, layer: { ...layer.layer, trainable: false } } as Layer) : layer;
}

/** The words of Keras 3. */
export const keras3: Words = {
  activation: activationToKeras,
  initializer: initializerToKeras,
  layer: (layer, name, changes = {}) =>
    kerasObject(layer.className, { ...layerToKeras({ layer, name, innerName: "" }, keras3), ...changes }),
  bothDirections: true,
};

/** A layer as Keras 3 writes it. */
export function kerasObject(
  className: string,
  config: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return { module: "keras.layers", class_name: className, config, registered_name: null };
}

/** Where a layer's weight number `index` of `count` lies in its group of a `.weights.h5` file. */
export function variablePath(className: Layer["className"], index: number, count: number): string {
  return translations[className].variablePath(index, count);
}

import type { StoredInitializer } from "../../../model/initializers";
import type { DenseActivation, Layer } from "../../../model/layers";
import type { ConfigReader } from "../reader";

/** How values are put in the files of one program. */
export interface Words {
  /** @throws InvalidInputError where the program has no such activation */
  activation(name: DenseActivation): unknown;
  initializer(initializer: StoredInitializer): unknown;
  /** A layer inside another: its class and configuration. */
  layer(layer: Layer, name: string, changes?: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** Whether both layers of a Bidirectional are written, and under the names of their directions, as Keras 3 does. */
  readonly bothDirections: boolean;
}

/** How one class of layer is written in Keras's files. A new layer of the engine is one entry more. */
export interface Translation<Config extends Layer> {
  /** Checks a layer's configuration, and turns it into the engine's. */
  fromKeras(config: ConfigReader): Config;
  /**
   * The entries of Keras's configuration, apart from `name`, `trainable` and `dtype`.
   *
   * @param innerName the name of the layer inside this one, empty where there is none
   */
  toKeras(config: Config, words: Words, innerName: string): Record<string, unknown>;
  /** Where in the layer's group of a `.weights.h5` file its weight number `index` of `count` lies. */
  variablePath(index: number, count: number): string;
}

/** What a layer may say without any effect on its output, here as there. */
export const trainingOnly = {
  activity_regularizer: null,
  kernel_constraint: null,
  recurrent_constraint: null,
  bias_constraint: null,
  embeddings_constraint: null,
};

/** What Keras 3 adds to layers for large models. */
export const withoutExtras = { lora_rank: null, quantization_config: null };

/** Variables that lie in the layer itself. */
export const ownVariable = (index: number): string => `vars/${index}`;

import { writeHdf5 } from "../../src/io/hdf5/writer";
import type { Hdf5Dataset } from "../../src/io/hdf5/writer";
import { randomValues } from "../support/random";

const initializer = {
  class_name: "VarianceScaling",
  config: { scale: 1, mode: "fan_avg", distribution: "uniform", seed: null },
};
export const embedding = {
  class_name: "Embedding",
  config: {
    name: "embedding_1",
    trainable: true,
    batch_input_shape: [null, 9],
    input_dim: 13,
    output_dim: 5,
    mask_zero: false,
  },
};
export const rnn = {
  class_name: "SimpleRNN",
  config: {
    name: "simple_rnn_1",
    units: 7,
    activation: "tanh",
    use_bias: true,
    kernel_initializer: initializer,
    dropout: 0.2,
    kernel_regularizer: { class_name: "L1L2", config: { l1: 0, l2: 0.5 } },
    implementation: 0,
  },
};
export const dense = {
  class_name: "Dense",
  config: { name: "dense_1", units: 1, activation: "sigmoid", use_bias: true },
};
export const layers = [embedding, rnn, dense];

export const plans: [layer: string, weight: string, shape: number[]][] = [
  ["embedding_1", "embedding_1/embeddings:0", [13, 5]],
  ["simple_rnn_1", "simple_rnn_1/kernel:0", [5, 7]],
  ["simple_rnn_1", "simple_rnn_1/recurrent_kernel:0", [7, 7]],
  ["simple_rnn_1", "simple_rnn_1/bias:0", [7]],
  ["dense_1", "dense_1/kernel:0", [7, 1]],
  ["dense_1", "dense_1/bias:0", [1]],
];

export function values(index: number): Hdf5Dataset {
  const [, , shape] = plans[index];
  return {
    shape,
    data: randomValues(
      shape.reduce((a, b) => a * b),
      index + 1,
    ),
  };
}

interface Parts {
  config?: object;
  training?: object;
  optimizer?: [string, Hdf5Dataset][];
  /** In `save_weights` files the groups lie at the top. */
  atRoot?: boolean;
  /** Keras spreads names that are too long for one attribute. */
  spread?: boolean;
}

/** An `.h5` file as Keras 2 wrote it. */
export function keras2({
  config = layers,
  training,
  optimizer,
  atRoot = false,
  spread = false,
}: Parts = {}): Promise<Uint8Array> {
  const names = ["embedding_1", "dropout_1", "simple_rnn_1", "dense_1"];
  const groups = Object.fromEntries(
    names.map((name) => {
      const own = plans.flatMap(([layer, path], i): [string, Hdf5Dataset][] =>
        layer === name ? [[path, values(i)]] : [],
      );
      const paths = own.map(([path]) => path);
      const attributes = spread
        ? Object.fromEntries(paths.map((path, i) => [`weight_names${i}`, [path]]))
        : { weight_names: paths };
      return [name, { attributes, datasets: own }];
    }),
  );
  if (atRoot) return writeHdf5({ attributes: { layer_names: names }, groups });
  const state = optimizer && {
    attributes: { weight_names: optimizer.map(([path]) => path) },
    datasets: optimizer,
  };
  return writeHdf5({
    attributes: {
      keras_version: "2.1.5",
      backend: "tensorflow",
      model_config: JSON.stringify({ class_name: "Sequential", config }),
      ...(training ? { training_config: JSON.stringify(training) } : {}),
    },
    groups: {
      model_weights: { attributes: { layer_names: names }, groups },
      ...(state ? { optimizer_weights: state } : {}),
    },
  });
}

import { loadModel } from "../../src/io/index";
import type { ModelFiles } from "../../src/io/index";
import { randomValues } from "../support/random";

/** A layer of Keras's as it stands in a file. */
export interface KerasLayer {
  class_name: string;
  name?: string;
  config: Record<string, unknown>;
  inbound_nodes?: unknown;
}

/** A weight in a file. */
export type Stored = [name: string, shape: number[]];

export const layer = (class_name: string, name: string, config: object = {}): KerasLayer => ({
  class_name,
  config: { name, ...config },
});

export const embedding = layer("Embedding", "words", {
  batch_input_shape: [null, 6],
  input_dim: 9,
  output_dim: 2,
  dtype: "int32",
});
export const lstm = layer("LSTM", "lstm_1", {
  units: 3,
  activation: "tanh",
  recurrent_activation: "hard_sigmoid",
});
export const gru = layer("GRU", "gru_1", { units: 3, activation: "tanh", recurrent_activation: "sigmoid" });
export const dense = layer("Dense", "dense_1", { units: 1, activation: "sigmoid" });

export const table: Stored = ["words/embeddings", [9, 2]];
export const lstmWeights: Stored[] = [
  ["lstm_1/kernel", [2, 12]],
  ["lstm_1/recurrent_kernel", [3, 12]],
  ["lstm_1/bias", [12]],
];
export const denseWeights: Stored[] = [
  ["dense_1/kernel", [3, 1]],
  ["dense_1/bias", [1]],
];

/** A model as TF.js's converter writes it: Keras's own configuration in `model.json`, and one shard. */
export function files(model: object, weights: Stored[], version = "2.2.4"): ModelFiles {
  const values = weights.map(([, shape], i) =>
    randomValues(
      shape.reduce((a, b) => a * b, 1),
      i + 1,
    ),
  );
  const json = {
    modelTopology: { keras_version: version, model_config: model },
    weightsManifest: [
      { paths: ["shard"], weights: weights.map(([name, shape]) => ({ name, shape, dtype: "float32" })) },
    ],
  };
  const all = values.flatMap((data) => [...data]);
  return {
    "model.json": new TextEncoder().encode(JSON.stringify(json)),
    shard: new Uint8Array(Float32Array.from(all).buffer),
  };
}

export const sequential = (layers: KerasLayer[]): object => ({
  class_name: "Sequential",
  config: { layers },
});

/** The layers that the engine makes of it. */
export async function layersOf(source: ModelFiles, notes: string[] = []): Promise<object[]> {
  const model = await loadModel(source, { onNote: (note) => notes.push(note) });
  return model.getConfig().layers;
}

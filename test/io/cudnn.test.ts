import { describe, expect, test } from "vitest";
import { loadModel } from "../../src/io/index";
import { writeHdf5 } from "../../src/io/hdf5/writer";
import type { Hdf5Dataset } from "../../src/io/hdf5/writer";
import { randomValues } from "../support/random";

const [features, units] = [5, 7];

/** A kernel as the layers for cuDNN had it: of each gate the transpose, under the rows and columns of before. */
function forCudnn([rows, columns]: readonly [number, number], data: Float32Array): Float32Array {
  const result = new Float32Array(data.length);
  for (let gate = 0; gate < columns; gate += units) {
    for (let n = 0; n < rows * units; n++) {
      const [u, e] = [Math.floor(n / rows), n % rows];
      result[Math.floor(n / units) * columns + gate + (n % units)] = data[e * columns + gate + u];
    }
  }
  return result;
}

/** An `.h5` file of Keras 2 with one such layer, its weights random: kernel, recurrent kernel and bias by seed. */
function fileOf(className: string, gates: number): Promise<Uint8Array> {
  const columns = units * gates;
  const kernel = (rows: number, seed: number): Hdf5Dataset => ({
    shape: [rows, columns],
    data: forCudnn([rows, columns], randomValues(rows * columns, seed)),
  });
  const groups: Record<string, [string, Hdf5Dataset][]> = {
    words: [["words/embeddings:0", { shape: [13, features], data: randomValues(13 * features, 4) }]],
    rnn: [
      ["rnn/kernel:0", kernel(features, 1)],
      ["rnn/recurrent_kernel:0", kernel(units, 2)],
      ["rnn/bias:0", { shape: [2 * columns], data: randomValues(2 * columns, 3) }],
    ],
  };
  const config = [
    { class_name: "Embedding", config: { name: "words", input_dim: 13, output_dim: features } },
    { class_name: className, config: { name: "rnn", units, return_sequences: false } },
  ];
  return fileWith(groups, config);
}

function fileWith(groups: Record<string, [string, Hdf5Dataset][]>, config: object[]): Promise<Uint8Array> {
  const model_weights = {
    attributes: { layer_names: Object.keys(groups) },
    groups: Object.fromEntries(
      Object.entries(groups).map(([name, datasets]) => [
        name,
        { attributes: { weight_names: datasets.map(([path]) => path) }, datasets },
      ]),
    ),
  };
  const model_config = JSON.stringify({ class_name: "Sequential", config });
  return writeHdf5({ attributes: { keras_version: "2.2.4", model_config }, groups: { model_weights } });
}

describe("Keras 2's layers for cuDNN", () => {
  test("an LSTM: gates transposed, both biases in one", async () => {
    const model = await loadModel(await fileOf("CuDNNLSTM", 4));
    expect(model.getConfig().layers[1]).toMatchObject({ className: "LSTM", recurrentActivation: "sigmoid" });
    const [, kernel, recurrent, bias] = await model.getWeights();
    expect(kernel.data).toEqual(randomValues(5 * 28, 1));
    expect(recurrent.data).toEqual(randomValues(7 * 28, 2));
    const both = randomValues(2 * 28, 3);
    expect(bias.data).toEqual(Float32Array.from({ length: 28 }, (_, i) => both[i] + both[28 + i]));
  });

  test("a GRU that resets after the product: one bias for the input, one for the state", async () => {
    const model = await loadModel(await fileOf("CuDNNGRU", 3));
    expect(model.getConfig().layers[1]).toMatchObject({ className: "GRU", resetAfter: true });
    const [, kernel, recurrent, bias] = await model.getWeights();
    expect(kernel.data).toEqual(randomValues(5 * 21, 1));
    expect(recurrent.data).toEqual(randomValues(7 * 21, 2));
    expect(bias).toMatchObject({ shape: [2, 21], data: randomValues(42, 3) });
  });

  test("in a Bidirectional, both directions", async () => {
    const kernel = (rows: number, seed: number): Hdf5Dataset => ({
      shape: [rows, 4 * units],
      data: forCudnn([rows, 4 * units], randomValues(rows * 4 * units, seed)),
    });
    const direction = (name: string, seed: number): [string, Hdf5Dataset][] => [
      [`both/${name}_rnn/kernel:0`, kernel(features, seed)],
      [`both/${name}_rnn/recurrent_kernel:0`, kernel(units, seed + 1)],
      [`both/${name}_rnn/bias:0`, { shape: [8 * units], data: randomValues(8 * units, seed + 2) }],
    ];
    const words: [string, Hdf5Dataset][] = [
      ["words/embeddings:0", { shape: [13, features], data: randomValues(13 * features, 9) }],
    ];
    const groups = { words, both: [...direction("forward", 1), ...direction("backward", 4)] };
    const inner = { class_name: "CuDNNLSTM", config: { name: "rnn", units } };
    const model = await loadModel(
      await fileWith(groups, [
        { class_name: "Embedding", config: { name: "words", input_dim: 13, output_dim: features } },
        { class_name: "Bidirectional", config: { name: "both", merge_mode: "concat", layer: inner } },
      ]),
    );
    expect(model.getConfig().layers[1]).toMatchObject({ layer: { className: "LSTM" } });
    const [, forward, , , backward, recurrent, bias] = await model.getWeights();
    expect(forward.data).toEqual(randomValues(features * 4 * units, 1));
    expect(backward.data).toEqual(randomValues(features * 4 * units, 4));
    expect(recurrent.data).toEqual(randomValues(units * 4 * units, 5));
    const parts = randomValues(8 * units, 6);
    expect(bias.data).toEqual(
      Float32Array.from({ length: 4 * units }, (_, i) => parts[i] + parts[4 * units + i]),
    );
  });
});

import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { imdb, padSequences } from "../../src/datasets/index";
import { loadModel, saveModel } from "../../src/io/index";
import type { ModelFiles } from "../../src/io/index";
import type { Device } from "../../src/runtime/device";
import { getSharedDevice } from "../support/adapter";
import { hasShared, listShared, readShared } from "../support/shared-files";
import { predictFloat64 } from "./float64";

const model = "models/simple_rnn_imdb.h5";
const quiet = { onNote: () => undefined };

describe.skipIf(!hasShared(model))("a Keras 3.3 model that others trained (../shared/models)", () => {
  let device: Device | undefined;
  beforeAll(async () => (device = await getSharedDevice()));

  test("the probabilities that its author printed", async (context) => {
    if (!device) return context.skip();
    const notes: string[] = [];
    const loaded = await loadModel(readShared(model), { device, onNote: (note) => notes.push(note) });
    expect(notes).toEqual([
      'InputLayer "input_layer": the batch size 32 is ignored, any will do',
      // Its training had come to grief, and the best weights were put back.
      "the optimizer starts afresh: its momentum has values that are not finite",
    ]);
    const reviews = [
      [14, 20, 16, 5, 13, 66, 510, 5],
      [4, 65, 16, 727, 5, 3674, 5],
    ];
    const { data } = await loaded.predict(padSequences(reviews, { maxlen: 500 }));
    [0.8237072229385376, 0.24967631697654724].forEach((printed, i) => {
      expect(Math.abs(data[i] - printed)).toBeLessThan(1e-5);
    });
    loaded.dispose();
  });

  // 128 units and 2.5 million steps: forty seconds on two idle cores without a GPU.
  const evaluation = { skip: !hasShared("imdb/imdb.npz"), timeout: 300_000 };
  test("its validation accuracy and loss (../shared/imdb)", evaluation, async (context) => {
    if (!device) return context.skip();
    const data = fileURLToPath(new URL("../../../shared/imdb", import.meta.url));
    const { train } = await imdb.loadData({ data, numWords: 10_000 });
    const x = padSequences(train.x.slice(20_000), { maxlen: 500 });
    const loaded = await loadModel(readShared(model), { ...quiet, device });
    const { loss, accuracy } = await loaded.evaluate(x, Array.from(train.y).slice(20_000), {
      batchSize: 256,
    });
    expect(accuracy).toBeCloseTo(0.8484, 9);
    expect(loss.toFixed(4)).toBe("0.3670");
    loaded.dispose();
  });
});

/** The characters of the text that the first model learnt, in its order: those of Keras's Nietzsche example. */
const characters = [..."\n !\"'(),-.0123456789:;=?[]_abcdefghijklmnopqrstuvwxyzäæéë"];

const converted = {
  "tfjs-lstm-text": {
    input: [..."f great sentiments that makes great men."].map((letter) => characters.indexOf(letter)),
    columns: [" ", "\n", '"', "e", "-"].map((letter) => characters.indexOf(letter)),
    // Printed to five digits.
    expected: [0.60699, 0.24091, 0.03433, 0.02264, 0.01914],
    notes: [/its input is taken for one-hot vectors: pass token ids below 57/],
  },
  "tfjs-embedding-lstm": {
    input: [5, 509, 14, 832, 10, 44, 66, 8, 35, 664, 7, 33, 204, 0, 0, 0, 0, 0, 0, 0],
    columns: [0, 1, 2],
    expected: [0.0492977505, 0.2075599056, 0.7431423439],
    notes: [],
  },
};

describe.skipIf(!hasShared("models/tfjs-lstm-text"))(
  "TF.js models that others converted (../shared/models)",
  () => {
    let device: Device | undefined;
    beforeAll(async () => (device = await getSharedDevice()));

    for (const [folder, { input, columns, expected, notes }] of Object.entries(converted)) {
      const files: ModelFiles = Object.fromEntries(
        listShared(`models/${folder}`, "").map((name) => [name, readShared(`models/${folder}/${name}`)]),
      );

      test(`${folder}: read, saved in every format and read again, in float64`, async () => {
        const said: string[] = [];
        const loaded = await loadModel(files, { onNote: (note) => said.push(note) });
        expect(said).toHaveLength(notes.length);
        notes.forEach((note, i) => expect(said[i]).toMatch(note));
        for (const format of ["safetensors", "keras", "h5", "tfjs"] as const) {
          const again = await loadModel(await saveModel(loaded, format), quiet);
          const layers = again.getConfig().layers;
          const data = predictFloat64(layers, await again.getWeights(), [input]);
          columns.forEach((column, i) => expect(Math.abs(data[column] - expected[i])).toBeLessThan(1e-5));
        }
      });

      test(`${folder}: the engine's probabilities`, async (context) => {
        if (!device) return context.skip();
        const loaded = await loadModel(files, { ...quiet, device });
        const { data } = await loaded.predict([input]);
        columns.forEach((column, i) => expect(Math.abs(data[column] - expected[i])).toBeLessThan(1e-5));
        loaded.dispose();
      });
    }
  },
);

import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { imdb, padSequences } from "../../src/datasets/index";
import { loadModel } from "../../src/io/index";
import type { ModelFiles } from "../../src/io/index";
import type { Device } from "../../src/runtime/device";
import { FormatError } from "../../src/runtime/errors";
import { getTestDevice } from "../support/adapter";
import { assertThrows } from "../support/assert";
import { hasShared, listShared, readShared } from "../support/shared-files";

const model = "models/simple_rnn_imdb.h5";
const quiet = { onNote: () => undefined };

describe.skipIf(!hasShared(model))("a Keras 3.3 model that others trained (../shared/models)", () => {
  let device: Device | undefined;
  beforeAll(async () => (device = await getTestDevice()));
  afterAll(() => device?.destroy());

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

describe.skipIf(!hasShared("models/tfjs-lstm-text"))(
  "TF.js models that others converted (../shared/models)",
  () => {
    for (const [folder, message] of [
      ["tfjs-lstm-text", /layers among .*, got LSTM \("lstm_2"\); the engine has no others yet/],
      ["tfjs-embedding-lstm", /got LSTM \("lstm_1", "lstm_2"\), Flatten \("flatten_1"\)/],
    ] as const) {
      test(`${folder}: its layers are refused by name`, async () => {
        const files: ModelFiles = Object.fromEntries(
          listShared(`models/${folder}`, "").map((name) => [name, readShared(`models/${folder}/${name}`)]),
        );
        await assertThrows(() => loadModel(files), FormatError, message);
      });
    }
  },
);

import { beforeAll, describe, expect, test } from "vitest";
import { dense, embedding, lstm, sequential } from "../../src/index";
import { loadModel, saveModel } from "../../src/io/index";
import type { ModelSource } from "../../src/io/index";
import type { Sequential } from "../../src/model/sequential";
import type { Device } from "../../src/runtime/device";
import { getSharedDevice } from "../support/adapter";
import { predictFloat64 } from "./float64";
import { layerModel, layerModels, layerTokens } from "./layer-models";

const quiet = { onNote: () => undefined };

/** The bits of all weights. */
async function bits(model: Sequential): Promise<[string, readonly number[], Uint32Array][]> {
  const weights = await model.getWeights();
  return weights.map(({ name, shape, data }) => [name, shape, new Uint32Array(data.buffer)]);
}

/** The layers under the names that they have in the model, an input layer left out. */
function layersOf(model: Sequential): object[] {
  const layers = model.getConfig().layers.filter(({ className }) => className !== "InputLayer");
  return layers.map((layer, i) => {
    const inner = "layer" in layer ? { layer: { ...layer.layer, name: undefined } } : {};
    return { ...layer, ...inner, name: model.architecture.layers[i].name };
  });
}

/** TF.js has no place for them; test/io/layers-elsewhere.test.ts has what it says. */
const notInTfjs =
  /^(gru$|gru, no bias|convolution, causal|masked, (stacked|convolution|pooled)|masked mean|masking, mean|masked bidirectional, seq|simple rnn, leaky)/;
const notWordsOfTfjs = /hard sigmoid of Keras 3|hardSigmoid$|hardTanh|leakyRelu|exponential/;

describe("every layer through every format and back: all options, and every weight bit for bit", () => {
  for (const format of ["safetensors", "keras", "h5", "tfjs"] as const) {
    for (const name of Object.keys(layerModels)) {
      if (format === "tfjs" && (notInTfjs.test(name) || notWordsOfTfjs.test(name))) continue;
      test(`${format}: ${name}`, async () => {
        const model = await layerModel(name);
        const source: ModelSource = await saveModel(model, format);
        const again = await loadModel(source, quiet);
        expect(layersOf(again)).toEqual(layersOf(model));
        expect(await bits(again)).toEqual(await bits(model));
      });
    }
  }

  test("a stateful model is written with a batch of one, and the dropout of its cells", async () => {
    const cell = lstm(3, { stateful: true, dropout: 0.25, recurrentDropout: 0.5 });
    const model = sequential([embedding(7, 2), cell, dense(1)]);
    for (const format of ["keras", "h5", "tfjs"] as const) {
      const notes: string[] = [];
      const source: ModelSource = await saveModel(model, format);
      const again = await loadModel(source, { onNote: (note) => notes.push(note) });
      expect(again.getConfig().layers[2]).toMatchObject({
        stateful: true,
        dropout: 0.25,
        recurrentDropout: 0.5,
      });
      expect(notes).toEqual(['InputLayer "input_layer": the batch size 1 is ignored, any will do']);
    }
  });
});

describe("what is loaded predicts what a float64 evaluation does", () => {
  let device: Device | undefined;
  beforeAll(async () => (device = await getSharedDevice()));

  for (const name of ["lstm, sequences", "gru, reset before", "masked bidirectional, sequences"]) {
    test(name, async (context) => {
      if (!device) return context.skip();
      const loaded = await loadModel(await saveModel(await layerModel(name), "keras"), quiet);
      await loaded.compile({ loss: "meanSquaredError", device });
      const expected = predictFloat64(
        loaded.getConfig().layers.slice(1),
        await loaded.getWeights(),
        layerTokens,
      );
      const { data } = await loaded.predict(layerTokens);
      expect(data.length).toBe(expected.length);
      expected.forEach((value, i) => expect(Math.abs(data[i] - value)).toBeLessThan(1e-5));
      loaded.dispose();
    });
  }
});

import { io, tensor, tensor2d } from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { loadModel } from "../../src/io/index";
import { randomValues } from "../support/random";
import { predictFloat64 } from "./float64";

type Layer = tf.layers.Layer;

const { layers } = tf;
const tokens = [
  [3, 0, 4, 2, 0],
  [0, 0, 1, 2, 4],
  [4, 3, 2, 1, 0],
];

// TF.js makes orthogonal matrices with methods of tensors that its core alone has not.
const recurrent = { units: 2, recurrentInitializer: "zeros" } as const;
const table = (): Layer => layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 5, maskZero: true });
const lstm = (returnSequences: boolean): tf.RNN => layers.lstm({ ...recurrent, returnSequences });
const gru = (): Layer => layers.gru({ ...recurrent, returnSequences: true });
const both = (returnSequences: boolean): Layer =>
  layers.bidirectional({ layer: lstm(returnSequences), mergeMode: "concat" });
const conv = (): Layer => layers.conv1d({ filters: 3, kernelSize: 2, padding: "same" });
const pool = (): Layer => layers.maxPooling1d({ poolSize: 2, strides: 1, padding: "same" });
const mean = (): Layer => layers.globalAveragePooling1d({});

/** Nets that TF.js builds, and what is said when they are read. */
const nets: Record<string, [layers: () => Layer[], said: RegExp | undefined]> = {
  "a masked LSTM": [() => [table(), lstm(false)], undefined],
  "a dense layer between": [() => [table(), layers.dense({ units: 2 }), lstm(false)], undefined],
  "sequences, flattened": [() => [table(), lstm(true), layers.flatten()], undefined],
  "a convolution, flattened": [() => [table(), conv(), layers.flatten()], undefined],
  "both directions": [() => [table(), both(false)], undefined],
  stacked: [
    () => [table(), gru(), lstm(false)],
    /; TF.js predicts otherwise: LSTM "lstm\w+" behind a layer that ends a mask$/,
  ],
  "a convolution": [
    () => [table(), conv(), lstm(false)],
    /; TF.js predicts otherwise: LSTM "lstm\w+" behind a layer that ends a mask$/,
  ],
  "a pooling layer": [
    () => [table(), pool(), both(false)],
    /: Bidirectional "\w+" behind a layer that ends a mask$/,
  ],
  "a mean": [() => [table(), mean()], /: GlobalAveragePooling1D "\w+" with a mask$/],
  "sequences of both directions": [
    () => [table(), both(true), layers.flatten()],
    /: Bidirectional "\w+" with a mask$/,
  ],
};

describe("a model that TF.js wrote: a note says that masks go otherwise here, exactly where they do", () => {
  for (const [name, [make, said]] of Object.entries(nets)) {
    test(name, async () => {
      const original = tf.sequential({ layers: [...make(), layers.dense({ units: 1 })] });
      original.setWeights(
        original.getWeights().map(({ shape, size }, i) => tensor(randomValues(size, i), shape)),
      );
      const notes: string[] = [];
      const model = await loadModel(await written(original), {
        compile: false,
        onNote: (note) => notes.push(note),
      });
      const theirs = await (original.predict(tensor2d(tokens, undefined, "int32")) as Tensor).data();
      const ours = predictFloat64(model.getConfig().layers, await model.getWeights(), tokens);
      const difference = Math.max(...ours.map((value, i) => Math.abs(value - theirs[i])));
      if (said === undefined) {
        expect(notes).toEqual([]);
        expect(difference).toBeLessThan(1e-5);
      } else {
        expect(notes).toEqual([expect.stringMatching(said)]);
        expect(difference).toBeGreaterThan(1e-3);
      }
    });
  }
});

/** The files of a TF.js model. */
async function written(model: tf.Sequential): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  await model.save(
    io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const weightsManifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
      const json = JSON.stringify({ format: "layers-model", modelTopology, weightsManifest });
      files["model.json"] = new TextEncoder().encode(json);
      files["weights.bin"] = new Uint8Array(weightData as ArrayBuffer);
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } });
    }),
  );
  return files;
}

import * as tfjs from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import { InferenceSession, Tensor } from "onnxruntime-web";
import { describe, expect, test } from "vitest";
import { dense, embedding, lstm } from "../../src/index";
import type { Layer } from "../../src/index";
import { saveModel } from "../../src/io/index";
import { sequential } from "../../src/model/sequential";
import type { Sequential } from "../../src/model/sequential";
import { InvalidInputError } from "../../src/runtime/errors";
import { assertThrows } from "../support/assert";
import { predictFloat64 } from "./float64";
import { layerModel, layerModels, layerTokens } from "./layer-models";

/** What the issue of saved models asks of other programs. */
const closeness = 1e-5;

async function expected(model: Sequential): Promise<Float64Array> {
  return predictFloat64(model.getConfig().layers, await model.getWeights(), layerTokens);
}

function expectClose(got: ArrayLike<number>, values: Float64Array): void {
  expect(got.length).toBe(values.length);
  expect(values.every(Number.isFinite)).toBe(true);
  values.forEach((value, i) => {
    expect(Math.abs(got[i] - value)).toBeLessThan(closeness * Math.max(1, Math.abs(value)));
  });
}

async function predictOnnx(model: Sequential): Promise<Float32Array> {
  const session = await InferenceSession.create(await saveModel(model, "onnx"));
  const input = new Tensor("int32", Int32Array.from(layerTokens.flat()), [3, 8]);
  const { output } = await session.run({ tokens: input });
  return output.data as Float32Array;
}

async function predictTfjs(model: Sequential): Promise<Float32Array> {
  const files = await saveModel(model, "tfjs");
  const json = JSON.parse(new TextDecoder().decode(files["model.json"])) as {
    modelTopology: object;
    weightsManifest: { paths: string[]; weights: tfjs.io.WeightsManifestEntry[] }[];
  };
  const [{ paths, weights }] = json.weightsManifest;
  const weightData = await new Blob(paths.map((path) => files[path])).arrayBuffer();
  const handler = tfjs.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: weights, weightData });
  const loaded = await loadLayersModel(handler);
  const output = loaded.predict(tfjs.tensor2d(layerTokens, undefined, "int32")) as tfjs.Tensor;
  return (await output.data()) as Float32Array;
}

/** Models that TF.js has no layer or activation for, or would compute otherwise, and what is said of them. */
const unknownToTfjs: [names: readonly string[], reason: RegExp][] = [
  [
    ["gru", "gru, no bias", "convolution, causal"],
    /layers that TF.js has, got a GRU with resetAfter \(gru\)/,
  ],
  [["lstm, hard sigmoid of Keras 3", "dense, hardSigmoid"], /TF.js has, got hardSigmoid; save it as/],
  [["simple rnn, leaky", "dense, leakyRelu"], /TF.js has, got leakyRelu/],
  [["dense, hardTanh"], /TF.js has, got hardTanh/],
  [["dense, exponential"], /TF.js has, got exponential/],
  [["masked bidirectional, sequences"], /got a Bidirectional that returns sequences, with a mask/],
  [["masked mean"], /got a GlobalAveragePooling1D with a mask/],
];

describe("ONNX Runtime predicts what a float64 evaluation does", () => {
  for (const name of Object.keys(layerModels)) {
    test(name, async () => {
      const model = await layerModel(name);
      expectClose(await predictOnnx(model), await expected(model));
    });
  }
});

describe("TF.js predicts what a float64 evaluation does", () => {
  for (const name of Object.keys(layerModels)) {
    test(name, async () => {
      const model = await layerModel(name);
      const reason = unknownToTfjs.find(([names]) => names.includes(name))?.[1];
      if (reason) await assertThrows(() => saveModel(model, "tfjs"), InvalidInputError, reason);
      else expectClose(await predictTfjs(model), await expected(model));
    });
  }
});

describe("what another program cannot do is refused by name", () => {
  const cases: [readonly Layer[], "onnx" | "tfjs", RegExp][] = [
    [
      [embedding(5, 2), lstm(2, { stateful: true })],
      "onnx",
      /ONNX's operators can do, got stateful \(lstm\)/,
    ],
    [
      [embedding(5, 2), lstm(2, { activation: "selu", name: "words" })],
      "onnx",
      /activations among linear, .* in words, as ONNX's recurrent operators have, got selu/,
    ],
    [[embedding(5, 2), dense(2, { activation: "exponential" })], "tfjs", /TF.js has, got exponential/],
  ];
  for (const [layers, format, message] of cases) {
    test(String(message), async () => {
      await assertThrows(() => saveModel(sequential(layers), format), InvalidInputError, message);
    });
  }
});

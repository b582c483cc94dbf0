import { describe, test } from "vitest";
import { dense, embedding, lstm } from "../../src/index";
import type { Layer } from "../../src/index";
import { saveModel } from "../../src/io/index";
import { sequential } from "../../src/model/sequential";
import type { Sequential } from "../../src/model/sequential";
import { InvalidInputError } from "../../src/runtime/errors";
import { assertThrows } from "../support/assert";
import { predictFloat64 } from "./float64";
import { layerModel, layerModels, layerTokens } from "./layer-models";
import { expectClose, onnxRuntimes, predictTfjs } from "./other-programs";

async function expected(model: Sequential): Promise<Float64Array> {
  return predictFloat64(model.getConfig().layers, await model.getWeights(), layerTokens);
}

/** Models that TF.js has no layer or activation for, or would compute otherwise, and what is said of them. */
const unknownToTfjs: [names: readonly string[], reason: RegExp][] = [
  [["gru", "gru, no bias", "convolution, causal"], /layers that TF.js has, got GRU \(gru\) with resetAfter/],
  [["lstm, hard sigmoid of Keras 3", "dense, hardSigmoid"], /TF.js has, got hardSigmoid; save it as/],
  [["simple rnn, leaky", "dense, leakyRelu"], /TF.js has, got leakyRelu/],
  [["dense, hardTanh"], /TF.js has, got hardTanh/],
  [["dense, exponential"], /TF.js has, got exponential/],
  [["masked bidirectional, sequences"], /got Bidirectional \(bidirectional\) with a mask/],
  [["masked, stacked"], /got SimpleRNN \(simple_rnn\) behind a layer that ends a mask/],
  [["masked, convolution", "masked, pooled"], /got LSTM \(lstm\) behind a layer that ends a mask/],
  [["masked mean", "masking, mean"], /got GlobalAveragePooling1D \(\w+\) with a mask/],
];

describe("ONNX Runtime predicts what a float64 evaluation does", () => {
  for (const name of Object.keys(layerModels)) {
    for (const [runtime, predict] of Object.entries(onnxRuntimes)) {
      test(`${name}, ${runtime}`, async () => {
        const model = await layerModel(name);
        expectClose((await predict(model, layerTokens)).data, await expected(model), runtime);
      });
    }
  }
});

describe("TF.js predicts what a float64 evaluation does", () => {
  for (const name of Object.keys(layerModels)) {
    test(name, async () => {
      const model = await layerModel(name);
      const reason = unknownToTfjs.find(([names]) => names.includes(name))?.[1];
      if (reason) await assertThrows(() => saveModel(model, "tfjs"), InvalidInputError, reason);
      else expectClose((await predictTfjs(model, layerTokens)).data, await expected(model), "TF.js");
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

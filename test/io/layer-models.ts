import {
  bidirectional,
  conv1d,
  dense,
  dropout,
  embedding,
  flatten,
  globalAveragePooling1d,
  globalMaxPooling1d,
  gru,
  input,
  lstm,
  masking,
  maxPooling1d,
  simpleRNN,
  spatialDropout1d,
  timeDistributed,
} from "../../src/index";
import type { Layer } from "../../src/index";
import { sequential } from "../../src/model/sequential";
import type { Sequential } from "../../src/model/sequential";
import { randomValues } from "../support/random";

/** Token ids, [3, 8]: zeros before, between and behind the others. */
export const layerTokens = [
  [3, 7, 1, 12, 5, 9, 2, 11],
  [0, 0, 4, 0, 1, 6, 3, 10],
  [8, 2, 0, 5, 9, 0, 0, 0],
];

const words = embedding(13, 5);
const masked = embedding(13, 5, { maskZero: true });
const head = dense(2, { activation: "sigmoid" });
const sequences = { returnSequences: true };
const backwards = { goBackwards: true };

/** A model for each layer and option that changes what a model predicts. */
export const layerModels: Record<string, readonly Layer[]> = {
  lstm: [words, lstm(4), head],
  "lstm, sequences": [words, lstm(4, sequences), lstm(3, { ...sequences, ...backwards }), head],
  "lstm, no bias, relu": [words, lstm(4, { useBias: false, activation: "relu", ...backwards }), head],
  "lstm, hard sigmoid of Keras 2": [words, lstm(4, { recurrentActivation: "hardSigmoidKeras2" }), head],
  "lstm, hard sigmoid of Keras 3": [words, lstm(4, { recurrentActivation: "hardSigmoid" }), head],
  "lstm, linear and elu": [words, lstm(4, { recurrentActivation: "elu", activation: "linear" }), head],
  gru: [words, gru(4), head],
  "gru, reset before": [words, gru(4, { resetAfter: false, recurrentActivation: "hardSigmoidKeras2" }), head],
  "gru, sequences backwards": [words, gru(4, { ...sequences, ...backwards, resetAfter: false }), head],
  "gru, no bias": [words, gru(4, { useBias: false, activation: "softsign" }), head],
  "simple rnn, softplus": [words, simpleRNN(4, { activation: "softplus" }), head],
  "simple rnn, leaky": [words, simpleRNN(4, { ...sequences, activation: "leakyRelu" }), head],
  "bidirectional lstm": [words, bidirectional(lstm(4)), head],
  "bidirectional gru, sequences": [words, bidirectional(gru(4, { ...sequences, resetAfter: false })), head],
  "bidirectional rnn, sum": [words, bidirectional(simpleRNN(4), { mergeMode: "sum" }), head],
  "bidirectional, mul, named": [
    words,
    bidirectional(lstm(4, { ...sequences, name: "inner" }), { mergeMode: "mul", name: "outer" }),
    bidirectional(lstm(2, backwards), { mergeMode: "ave" }),
    head,
  ],
  "masked lstm": [masked, lstm(4), head],
  "masked gru, sequences": [masked, gru(4, { ...sequences, resetAfter: false }), head],
  "masked rnn, backwards": [masked, simpleRNN(4, { ...sequences, ...backwards }), head],
  "masked bidirectional": [masked, bidirectional(lstm(4)), head],
  "masked bidirectional, sequences": [masked, spatialDropout1d(0.5), bidirectional(lstm(4, sequences)), head],
  "masked, stacked": [masked, lstm(4, sequences), dense(3), simpleRNN(4), head],
  "masked, convolution": [masked, conv1d(4, 2), lstm(3), head],
  "masked, pooled": [masked, maxPooling1d(2), lstm(3), head],
  "masked, the largest": [masked, lstm(4, sequences), globalMaxPooling1d(), head],
  "masked mean": [masked, dense(3, { activation: "tanh" }), globalAveragePooling1d(), head],
  masking: [words, masking(), lstm(4), head],
  "masking, backwards sequences": [
    words,
    masking({ maskValue: 0.1 }),
    gru(4, { ...sequences, ...backwards, resetAfter: false }),
    head,
  ],
  "masking, mean": [words, masking({ maskValue: -1 }), dense(3), globalAveragePooling1d(), head],
  mean: [words, globalAveragePooling1d(), dropout(0.5), head],
  "the largest of all states": [words, lstm(4, sequences), globalMaxPooling1d(), head],
  "time distributed": [words, lstm(4, sequences), timeDistributed(dense(3, { activation: "softmax" }))],
  convolution: [words, conv1d(6, 3, { activation: "relu" }), maxPooling1d(2), lstm(4), head],
  "convolution, same": [words, conv1d(6, 4, { padding: "same", strides: 3 }), globalAveragePooling1d(), head],
  "convolution, causal": [
    words,
    conv1d(6, 3, { padding: "causal", useBias: false }),
    gru(3, sequences),
    head,
  ],
  "pooling, same": [words, maxPooling1d(3, { padding: "same", strides: 2 }), simpleRNN(3), head],
  flatten: [input({ shape: [8] }), words, lstm(3, sequences), flatten(), dense(3, { activation: "softmax" })],
};

for (const activation of ["hardSigmoid", "hardSigmoidKeras2", "hardTanh", "relu6", "leakyRelu"] as const) {
  layerModels[`dense, ${activation}`] = [words, simpleRNN(4), dense(2, { activation })];
}
for (const activation of ["elu", "selu", "softplus", "softsign", "exponential"] as const) {
  layerModels[`dense, ${activation}`] = [words, simpleRNN(4), dense(2, { activation })];
}

/** One of them with weights that are all different, biases too. */
export async function layerModel(name: string): Promise<Sequential> {
  const model = sequential(layerModels[name], { name: "sample" });
  const plans = model.architecture.layers.flatMap(({ weights }) => weights);
  const weights = plans.map(({ shape }, i) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return randomValues(length, i + 1, 0.7);
  });
  // Tokens 0 and 5 are what a masking layer masks.
  const mask = model.architecture.layers.find(({ config }) => config.className === "Masking")?.config;
  if (mask && "maskValue" in mask)
    for (const token of [0, 5]) weights[0].fill(mask.maskValue, 5 * token, 5 * token + 5);
  await model.setWeights(weights);
  return model;
}

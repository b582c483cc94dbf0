import {
  adam,
  cosineDecay,
  dense,
  embedding,
  input,
  nadam,
  piecewiseConstantDecay,
  rmsprop,
  sgd,
  simpleRNN,
} from "../../src/index";
import type { Layer, Optimizer } from "../../src/index";
import { sequential } from "../../src/model/sequential";
import type { Sequential } from "../../src/model/sequential";
import type { Device } from "../../src/runtime/device";

/** Token ids, [2, 9]: one row begins with padding. */
export const tokens = [
  [3, 7, 1, 12, 5, 9, 2, 2, 11],
  [0, 0, 0, 4, 8, 1, 6, 3, 10],
];

interface Sample {
  readonly layers: readonly Layer[];
  readonly optimizer: Optimizer;
  readonly loss: string;
  readonly labels: readonly number[];
}

/** Models that between them have every option of every layer, and every slot of every optimizer. */
export const samples: Record<string, Sample> = {
  plain: {
    layers: [embedding(13, 5), simpleRNN(7), dense(1, { activation: "sigmoid" })],
    optimizer: rmsprop({ momentum: 0.9, centered: true }),
    loss: "binaryCrossentropy",
    labels: [1, 0],
  },
  stacked: {
    layers: [
      input({ shape: [9] }),
      embedding(13, 5, { name: "words" }),
      simpleRNN(7, { returnSequences: true, activation: "relu", useBias: false }),
      simpleRNN(4, { goBackwards: true, activation: "linear", recurrentInitializer: "glorotNormal" }),
      dense(3, { activation: "tanh" }),
      dense(1, { activation: "sigmoid" }),
    ],
    optimizer: adam({ amsgrad: true, clipnorm: 1 }),
    loss: "binaryCrossentropy",
    labels: [1, 0],
  },
  sequences: {
    layers: [
      embedding(13, 5),
      simpleRNN(7, { returnSequences: true, goBackwards: true, activation: "sigmoid" }),
      dense(4, { activation: "softmax" }),
    ],
    optimizer: sgd({ momentum: 0.5 }),
    loss: "sparseCategoricalCrossentropy",
    labels: tokens.flat().map((token) => token % 4),
  },
  masked: {
    layers: [
      embedding(13, 5, { maskZero: true }),
      simpleRNN(7),
      dense(1, { activation: "sigmoid", useBias: false }),
    ],
    optimizer: adam(),
    loss: "binaryCrossentropy",
    labels: [1, 0],
  },
  frozen: {
    layers: [
      embedding(13, 5, { trainable: false }),
      simpleRNN(5, { returnSequences: true }),
      simpleRNN(5, { trainable: false }),
      dense(1, { activation: "sigmoid" }),
    ],
    optimizer: nadam({ clipnorm: 1 }),
    loss: "binaryCrossentropy",
    labels: [1, 0],
  },
  scheduled: {
    layers: [embedding(13, 5), simpleRNN(7), dense(1, { activation: "sigmoid" })],
    optimizer: nadam({ learningRate: cosineDecay(0, 50, { warmupTarget: 0.01, warmupSteps: 4 }) }),
    loss: "binaryCrossentropy",
    labels: [1, 0],
  },
  "in steps": {
    layers: [embedding(13, 5), simpleRNN(7), dense(1, { activation: "sigmoid" })],
    optimizer: adam({ learningRate: piecewiseConstantDecay([1, 3], [0.1, 0.01, 0.001]) }),
    loss: "binaryCrossentropy",
    labels: [1, 0],
  },
};

/** A sample compiled on a device and trained for three steps. */
export async function trained(name: string, device: Device): Promise<Sequential> {
  const { layers, optimizer, loss, labels } = samples[name];
  const model = sequential(layers, { name: "sample" });
  await model.compile({ optimizer, loss, metrics: ["acc"], device, seed: 1 });
  for (let step = 0; step < 3; step++) await model.trainOnBatch(tokens, labels);
  return model;
}

/** A sample that no device has seen. */
export function untrained(name: string): Sequential {
  return sequential(samples[name].layers, { name: "sample" });
}

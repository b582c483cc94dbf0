import { describe, expect } from "vitest";
import {
  adam,
  bidirectional,
  dense,
  dropout,
  embedding,
  globalMaxPooling1d,
  gru,
  lstm,
  masking,
  maxPooling1d,
  OutOfMemoryError,
  rmsprop,
  sequential,
  simpleRNN,
  spatialDropout1d,
  timeDistributed,
  type Device,
  type Layer,
  type Sequential,
} from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { useDevice } from "../runtime/use-device";
import { assertClose, assertThrows } from "../support/assert";
import { withSmallBindings } from "../support/limits";
import { randomIntegers, randomTokens, type Padding } from "../support/random";
import { small } from "./piecewise";
import { watchPieces } from "./watch-pieces";

const gpuTest = useDevice();

const vocabulary = 12;
const rows = 4;
const batch = rows / 2;

/** A net whose samples are each taken in windows of time. */
interface LongNet {
  readonly layers: () => Layer[];
  readonly steps: number;
  readonly padding: Padding;
  /** Of a net that returns sequences. */
  readonly classes?: number;
  /** Small where the states grow with the weights. */
  readonly learningRate?: number;
  /** What rounding may come to, where it is not forgotten. */
  readonly relative?: number;
}

const words = (maskZero = false): Layer => embedding(vocabulary, 4, { maskZero });
const last = dense(1, { activation: "sigmoid" });
const returnSequences = true;

const nets: Record<string, LongNet> = {
  "simpleRNN, its states as they were, on padding that samples share": {
    layers: () => [words(), simpleRNN(12, { activation: "linear" }), last],
    steps: 6000,
    padding: "left",
    learningRate: 1e-5,
    relative: 1e-4,
  },
  "lstm, masked": {
    layers: () => [words(true), lstm(6), last],
    steps: 5700,
    padding: "mixed",
  },
  "gru, a loss for each step, masked": {
    layers: () => [words(true), gru(6, { returnSequences }), dense(3, { activation: "softmax" })],
    steps: 5001,
    padding: "mixed",
    classes: 3,
  },
  "gru that resets before the product, behind a lstm that is masked anew": {
    layers: () => [
      words(),
      timeDistributed(dense(4, { activation: "relu" })),
      masking(),
      lstm(5, { returnSequences, returnState: true }),
      gru(6, { resetAfter: false, returnState: true }),
      dense(4, { activation: "tanh" }),
      last,
    ],
    steps: 5700,
    padding: "mixed",
  },
  "what drops single values, features and states, and adds a penalty": {
    layers: () => [
      words(),
      spatialDropout1d(0.3),
      gru(5, { dropout: 0.2, recurrentDropout: 0.3, returnSequences, kernelRegularizer: "l2" }),
      dropout(0.2),
      simpleRNN(6, { recurrentDropout: 0.2 }),
      dropout(0.4),
      last,
    ],
    steps: 5700,
    padding: "none",
  },
  "no time loop at all": {
    layers: () => [
      words(true),
      timeDistributed(dense(12, { activation: "relu" })),
      dense(3, { activation: "softmax" }),
    ],
    steps: 6000,
    padding: "mixed",
    classes: 3,
  },
};

/** What a model says; its losses and gradients; then what it learns. */
interface Results {
  readonly said: Record<string, Float32Array>;
  readonly derived: Record<string, Float32Array>;
  readonly learned: Record<string, Float32Array>;
}

const byName = (values: readonly { name: string; data: Float32Array }[]): Record<string, Float32Array> =>
  Object.fromEntries(values.map(({ name, data }) => [name, data]));

async function results(device: Device, net: LongNet, scan: ScanShape): Promise<Results> {
  const { steps, padding, classes, learningRate = 0.01 } = net;
  const model = sequential(net.layers());
  const loss = classes ? "sparseCategoricalCrossentropy" : "binaryCrossentropy";
  const optimizer = classes ? rmsprop({ learningRate }) : adam({ learningRate, globalClipnorm: 0.5 });
  await model.compile({ optimizer, loss, metrics: ["acc"], device, seed: 3, scan });
  try {
    const x = { data: randomTokens({ batch: rows, steps, vocabulary }, 21, padding), shape: [rows, steps] };
    const y = randomIntegers(rows * (classes ? steps : 1), 22, 0, classes ?? 2);
    const first = { data: x.data.slice(0, batch * steps), shape: [batch, steps] };
    const { data, states = [] } = await model.predict(x, { batchSize: batch });
    const figures = await model.evaluate(x, y, { batchSize: batch });
    const step = await model.trainOnBatch(first, y.slice(0, y.length / 2));
    const gradients = byName(await model.getGradients());
    const { history } = await model.fit(x, y, { epochs: 2, batchSize: 2, validationSplit: 0.25 });
    return {
      said: { outputs: data, ...byName(states) },
      derived: {
        figures: Float32Array.from([...Object.values(figures), ...Object.values(step)]),
        ...gradients,
      },
      learned: {
        history: Float32Array.from(Object.values(history).flat()),
        ...byName(await model.getWeights()),
      },
    };
  } finally {
    model.dispose();
  }
}

for (const scan of ["narrow", "wide"] as const) {
  describe(`a sample that is taken in windows of time gives what the whole one gives, ${scan}`, () => {
    for (const [name, net] of Object.entries(nets)) {
      gpuTest(name, async (device) => {
        const { relative = 2e-6 } = net;
        const expected = await results(device, net, scan);
        const actual = await withSmallBindings(device, small, () => results(device, net, scan));
        expect(actual.said).toEqual(expected.said);
        // Sums of terms of magnitude one half, many of which cancel out.
        for (const [key, values] of Object.entries(expected.derived)) {
          assertClose(actual.derived[key], values, { absolute: 6e-8, relative }, key);
        }
        // Both optimizers divide by the gradient's size, and so make its rounding larger where it is small.
        for (const [key, values] of Object.entries(expected.learned)) {
          assertClose(actual.learned[key], values, { absolute: 3e-5, relative: 1e-4 }, key);
        }
      });
    }
  });
}

async function compiled(device: Device, layers: Layer[]): Promise<Sequential> {
  const model = sequential(layers);
  await model.compile({ optimizer: "adam", loss: "binaryCrossentropy", device, seed: 3 });
  return model;
}

describe("a sample that is taken in windows of time", () => {
  gpuTest("is so only where it must be", async (device) => {
    const model = await compiled(device, [words(true), lstm(6), last]);
    const piecesOf = (steps: number, run: (x: { data: Int32Array; shape: number[] }) => Promise<unknown>) =>
      watchPieces(
        device,
        () => undefined,
        async () => {
          await run({ data: randomTokens({ batch: 1, steps, vocabulary }, 21), shape: [1, steps] });
        },
      );
    await withSmallBindings(device, small, async () => {
      // What a sample's training keeps is more than its states.
      expect(await piecesOf(5700, (x) => model.predict(x))).toBe(1);
      expect(await piecesOf(12_000, (x) => model.predict(x))).toBe(2);
      expect(await piecesOf(5700, (x) => model.trainOnBatch(x, [1]))).toBe(3 + 4);
      expect(await piecesOf(2500, (x) => model.trainOnBatch(x, [1]))).toBe(1);
    });
    expect(await piecesOf(5700, (x) => model.trainOnBatch(x, [1]))).toBe(1);
    model.dispose();
  });

  for (const [name, layers] of Object.entries({
    "that reads from the end": () => [words(), lstm(6, { goBackwards: true }), last],
    "that reads from both ends": () => [words(), bidirectional(lstm(6)), last],
    "that pools over all steps": () => [words(), lstm(6, { returnSequences }), globalMaxPooling1d(), last],
    "that leaves out steps": () => [words(), maxPooling1d(2), lstm(6), last],
    "that carries states from batch to batch": () => [words(), lstm(6, { stateful: true }), last],
  })) {
    gpuTest(`is refused by a net ${name}`, async (device) => {
      const model = await compiled(device, layers());
      const one = { data: randomTokens({ batch: 1, steps: 15_000, vocabulary }, 21), shape: [1, 15_000] };
      await withSmallBindings(device, small, () =>
        assertThrows(
          () => model.trainOnBatch(one, [1]),
          OutOfMemoryError,
          new RegExp(`^memory for .+: expected at most ${small} bytes in one binding, got \\d+; lower`),
        ),
      );
      await model.trainOnBatch({ data: one.data.slice(0, 50), shape: [1, 50] }, [1]);
      model.dispose();
    });
  }
});

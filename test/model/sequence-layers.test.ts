import { describe, expect, test } from "vitest";
import {
  conv1d,
  dense,
  dropout,
  embedding,
  flatten,
  input,
  InvalidInputError,
  lstm,
  maxPooling1d,
  sequential,
  type Device,
  type Layer,
  type Sequential,
} from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { useDevice } from "../runtime/use-device";
import { assertEqual, assertThrows } from "../support/assert";
import type {
  Conv1dDescription,
  EmbeddingDescription,
  LayerDescription,
  MaxPooling1dDescription,
} from "../support/layers";
import { checkAgainstTwin, type Net } from "./against-twin";
import { both, full, head, recurrent, sequences, table as words } from "./recurrent-nets";
import { findTheSeven } from "./training";

const gpuTest = useDevice();

const table = (outputDim: number, maskZero = false): EmbeddingDescription => words(13, outputDim, maskZero);

const convolution = (
  filters: number,
  kernelSize: number,
  options: Partial<Conv1dDescription> = {},
): Conv1dDescription => ({
  type: "conv1d",
  name: `conv1d_${filters}`,
  filters,
  kernelSize,
  strides: 1,
  padding: "valid",
  activation: "relu",
  useBias: true,
  ...options,
});

const pooling = (
  poolSize: number,
  options: Partial<MaxPooling1dDescription> = {},
): MaxPooling1dDescription => ({
  type: "maxPooling1d",
  name: "max_pooling1d",
  poolSize,
  strides: poolSize,
  padding: "valid",
  ...options,
});

const mean: LayerDescription = { type: "globalAveragePooling1d", name: "global_average_pooling1d" };
const largest: LayerDescription = { type: "globalMaxPooling1d", name: "global_max_pooling1d" };
const flat: LayerDescription = { type: "flatten", name: "flatten" };

const nets: Record<string, Net> = {
  "convolution, pooling, lstm": {
    layers: [table(5), convolution(7, 3), pooling(2), recurrent("lstm", 6), head],
    batch: 5,
    steps: 14,
    padding: "left",
  },
  "causal convolution, mean": {
    layers: [table(4), convolution(8, 4, { padding: "causal", activation: "tanh" }), mean, head],
    batch: 6,
    steps: 9,
    padding: "mixed",
  },
  "all steps side by side": {
    layers: [table(3), flat, full(5, "relu"), head],
    batch: 7,
    steps: 6,
    padding: "left",
    fixed: true,
  },
  "convolution, the largest of all steps": {
    layers: [table(4), convolution(8, 4), largest, full(5, "relu"), head],
    batch: 6,
    steps: 9,
    padding: "left",
  },
  "the largest states in both directions, under a mask": {
    layers: [table(5, true), both(recurrent("lstm", 4, sequences)), largest, head],
    batch: 5,
    steps: 8,
    padding: "mixed",
  },
  "mean under a mask": { layers: [table(5, true), mean, head], batch: 7, steps: 8, padding: "mixed" },
  "two convolutions with strides, the states' mean": {
    layers: [
      table(6),
      convolution(5, 4, { strides: 2, padding: "same", useBias: false }),
      convolution(3, 2, { activation: "sigmoid" }),
      recurrent("gru", 4, { ...sequences, goBackwards: true }),
      mean,
      head,
    ],
    batch: 3,
    steps: 11,
    padding: "right",
  },
  "windows that overlap, in both directions": {
    layers: [
      table(4),
      recurrent("simpleRNN", 5, sequences),
      pooling(3, { strides: 2, padding: "same" }),
      both(recurrent("lstm", 3)),
      head,
    ],
    batch: 4,
    steps: 8,
    padding: "left",
  },
  "a class for each window": {
    layers: [table(4), convolution(6, 3, { strides: 2 }), recurrent("gru", 5, sequences), full(7, "softmax")],
    batch: 3,
    steps: 10,
    padding: "left",
    classes: 7,
  },
  "pooled and side by side": {
    layers: [
      table(4),
      convolution(6, 3, { padding: "same" }),
      pooling(3),
      full(4, "tanh"),
      flat,
      full(5, "softmax"),
    ],
    batch: 5,
    steps: 11,
    padding: "none",
    classes: 5,
    fixed: true,
  },
  "a mask that ends at a convolution": {
    layers: [table(4, true), convolution(5, 2), recurrent("lstm", 4), head],
    batch: 5,
    steps: 7,
    padding: "mixed",
  },
};

const shapes: ScanShape[] = ["narrow", "wide"];

/** The nets by which CNN-LSTM and CNN are known. */
const bodies: Record<string, Layer[]> = {
  "CNN-LSTM": [embedding(20, 8), conv1d(8, 3, { activation: "relu" }), maxPooling1d(2), lstm(7)],
  CNN: [
    input({ shape: [12] }),
    embedding(20, 5),
    conv1d(6, 3, { padding: "causal", activation: "relu" }),
    maxPooling1d(3),
    flatten(),
  ],
};

async function compiled(
  device: Device,
  body: readonly Layer[],
  options: { scan?: ScanShape; chunkSteps?: number } = {},
): Promise<Sequential> {
  const model = sequential([...body, dense(1, { activation: "sigmoid" })]);
  await model.compile({
    optimizer: "adam",
    loss: "binaryCrossentropy",
    metrics: ["acc"],
    device,
    seed: 4,
    ...options,
  });
  return model;
}

const { x, y } = findTheSeven(1);

/** 192 rows in batches of 17 leave a smaller one, in training, validation and prediction. */
async function train(device: Device, body: readonly Layer[], options: Parameters<typeof compiled>[2]) {
  const model = await compiled(device, body, options);
  const { history } = await model.fit(x, y, { epochs: 3, batchSize: 17, validationSplit: 0.2 });
  const weights = await model.getWeights();
  const { data } = await model.predict(x, { batchSize: 17 });
  const evaluated = await model.evaluate(x, y, { batchSize: 17 });
  model.dispose();
  return { history, weights, data, evaluated };
}

for (const scan of shapes) {
  describe(`sequence layers against the float64 twin, ${scan}`, () => {
    for (const [name, net] of Object.entries(nets)) {
      gpuTest(name, (device) => checkAgainstTwin(device, net, scan));
    }
  });

  describe(`sequence layers in training, ${scan}`, () => {
    for (const [name, body] of Object.entries(bodies)) {
      gpuTest(`${name}: one seed, the same bits; the loss falls`, async (device) => {
        const first = await train(device, body, { scan });
        assertEqual(await train(device, body, { scan }), first, "second run");
        expect(first.history.loss[2]).toBeLessThan(first.history.loss[0]);
        const { data, evaluated } = first;
        const right = y.filter((label, i) => data[i] > 0.5 === (label === 1)).length;
        expect(evaluated.acc).toBeCloseTo(right / y.length, 6);
      });
    }

    gpuTest("rows of another length, the time loop in chunks", async (device) => {
      const model = await compiled(device, bodies["CNN-LSTM"], { scan });
      const chunked = await compiled(device, bodies["CNN-LSTM"], { scan, chunkSteps: 2 });
      for (const steps of [12, 5, 9]) {
        const rows = x.data.length / 12;
        const cut = { data: x.data.filter((_, i) => i % 12 < steps), shape: [rows, steps] };
        const { loss } = await model.trainOnBatch(cut, y);
        assertEqual((await chunked.trainOnBatch(cut, y)).loss, loss, `loss of ${steps} steps`);
        assertEqual(await chunked.getGradients(), await model.getGradients(), `gradients of ${steps} steps`);
      }
      model.dispose();
      chunked.dispose();
    });
  });
}

describe("sequence layers", () => {
  test("summary of the net of Keras's example imdb_cnn_lstm", () => {
    const model = sequential([
      embedding(20_000, 128),
      dropout(0.25),
      conv1d(64, 5, { activation: "relu" }),
      maxPooling1d(4),
      lstm(70),
      dense(1, { activation: "sigmoid" }),
    ]);
    const text = model.build([null, 100]).summary({ print: () => undefined });
    const cells = text.split("\n").flatMap((line) => {
      const row = /^│ (\S+) \(\S+\) +│ (\(.*\)) +│ +(\S+) │$/.exec(line);
      return row ? [row.slice(1)] : [];
    });
    expect(cells).toEqual([
      ["embedding", "(None, 100, 128)", "2,560,000"],
      ["dropout", "(None, 100, 128)", "0"],
      ["conv1d", "(None, 96, 64)", "41,024"],
      ["max_pooling1d", "(None, 24, 64)", "0"],
      ["lstm", "(None, 70)", "37,800"],
      ["dense", "(None, 1)", "71"],
    ]);
    expect(text).toContain("Total params: 2,638,895 (10.07 MB)");
  });

  gpuTest("rows that leave no window, or are not what was flattened", async (device) => {
    const lstmModel = await compiled(device, bodies["CNN-LSTM"]);
    await assertThrows(
      () => lstmModel.predict([[1, 2]]),
      InvalidInputError,
      /expected at least 3 steps, got 2/,
    );
    const cnn = await compiled(device, bodies.CNN);
    await assertThrows(
      () => cnn.predict([[1, 2, 3, 4]]),
      InvalidInputError,
      /predict: expected rows of 12 steps, as the input layer says, got 4/,
    );
    lstmModel.dispose();
    cnn.dispose();
  });

  gpuTest("outputs for each window: [rows, windows, columns]", async (device) => {
    const model = await compiled(device, [embedding(20, 4), conv1d(3, 4, { strides: 2 })]);
    const { shape, data } = await model.predict(x, { batchSize: 50 });
    assertEqual(shape, [192, 5, 1], "shape");
    assertEqual(await model.predict(x, { batchSize: 192 }), { shape, data }, "predict in one batch");
    await assertThrows(
      () => model.evaluate(x, y),
      InvalidInputError,
      /evaluate: expected 5 labels for each row of x/,
    );
    model.dispose();
  });
});

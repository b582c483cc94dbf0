import { describe, expect, test } from "vitest";
import {
  dense,
  embedding,
  input,
  InvalidInputError,
  rmsprop,
  sequential,
  simpleRNN,
  StateError,
  type Device,
  type FitOptions,
  type Sequential,
} from "../../src/index";
import { assertEqual, assertThrows, assertTrue } from "../support/assert";
import { useDevice } from "../runtime/use-device";

const gpuTest = useDevice();

const x = [
  [0, 1, 2, 3],
  [4, 5, 6, 7],
  [0, 0, 0, 8],
];
const y = [0, 1, 1];
const loss = "binaryCrossentropy";

const layers = () => [embedding(10, 3), simpleRNN(4), dense(1, { activation: "sigmoid" })];

async function compiled(device: Device): Promise<Sequential> {
  const model = sequential(layers());
  await model.compile({ loss, metrics: ["acc"], device, seed: 1 });
  return model;
}

const flat = (data: number[], shape: number[]) => ({ data: Int32Array.from(data), shape });
const untyped = (value: unknown): never => value as never;

/** Every way to spoil `fit`, and what its message must say. */
const badFits: Record<string, { x?: never; y?: never; options?: FitOptions; message: RegExp }> = {
  "a token id beyond the table": {
    x: untyped([[0, 10, 1, 1], x[1], x[2]]),
    message: /^fit: expected token ids that are whole numbers from 0 to 9 .*, got 10 in row 0, step 1; raise/,
  },
  "a negative token id": { x: untyped([x[0], [1, 1, 1, -1], x[2]]), message: /got -1 in row 1, step 3;/ },
  "a token id that is not whole": {
    x: untyped([x[0], x[1], [1.5, 1, 1, 1]]),
    message: /got 1.5 in row 2, step 0;/,
  },
  "a token id that is NaN": {
    x: untyped([x[0], x[1], [1, NaN, 1, 1]]),
    message: /got NaN in row 2, step 1;/,
  },
  "ragged rows": {
    x: untyped([x[0], [1, 2], x[2]]),
    message: /^fit: expected rows of one length \(4, as row 0\), got 2 ids in row 1; pad .*padSequences$/,
  },
  "a shape that does not match": {
    x: untyped(flat([1, 2, 3, 4, 5], [3, 2])),
    message: /expected x with shape \[rows, maxlen\].*, got shape \[3, 2\] and 5 ids;/,
  },
  "no rows": {
    x: untyped([]),
    y: untyped([]),
    message: /^fit: expected at least one row of token ids, got an empty/,
  },
  "no rows, flat": {
    x: untyped(flat([], [0, 4])),
    y: untyped([]),
    message: /expected at least one row and one step/,
  },
  "rows of nothing": { x: untyped([[], [], []]), message: /expected rows with at least one token id/ },
  "x is nothing": { x: untyped(null), message: /^fit: expected x as rows of token ids, got null; pass/ },
  "fewer labels than rows": {
    y: untyped([0, 1]),
    message: /^fit: expected one label per row of x \(3\), got 2; pass the labels of the same split$/,
  },
  "more labels than rows": { y: untyped([0, 1, 1, 0]), message: /one label per row of x \(3\), got 4;/ },
  "a label above 1": { y: untyped([0, 2, 1]), message: /labels from 0 to 1 .*, got 2 as label 1;/ },
  "a label below 0": { y: untyped([0, 1, -1]), message: /labels from 0 to 1 .*, got -1 as label 2;/ },
  "a label that is NaN": { y: untyped([NaN, 1, 1]), message: /got NaN as label 0;/ },
  "no epochs to speak of": {
    options: { epochs: 1.5 },
    message: /^fit: expected epochs as a whole number.*, got 1.5;/,
  },
  "a negative number of epochs": {
    options: { epochs: -1 },
    message: /epochs as a whole number of at least 0, got -1/,
  },
  "a batch of nothing": {
    options: { batchSize: 0 },
    message: /batchSize as a whole number from 1 .*, got 0;/,
  },
  "a batch that is too large": { options: { batchSize: 65_536 }, message: /from 1 to 65,535, got 65536;/ },
  "a split of everything": {
    options: { validationSplit: 1 },
    message: /validationSplit from 0 to below 1, got 1;/,
  },
  "a negative split": { options: { validationSplit: -0.1 }, message: /got -0.1; pass for instance 0.2/ },
  "a split that leaves nothing": {
    options: { validationSplit: 0.9 },
    message: /rows left for training and for validation, got 3 rows and validationSplit 0.9;/,
  },
  "too few sample weights": {
    options: { sampleWeight: [1, 2] },
    message: /one finite sample weight per row of x \(3\), got 2/,
  },
  "a sample weight that is NaN": {
    options: { sampleWeight: [1, NaN, 1] },
    message: /got 3, 2 of them finite;/,
  },
  "both kinds of weights": {
    options: { sampleWeight: [1, 1, 1], classWeight: { 1: 2 } },
    message: /expected classWeight or sampleWeight, got both;/,
  },
  "validation data of another length": {
    options: { validationData: { x: [[1, 2, 3]], y: [1] } },
    message: /^fit, validationData: expected validation rows of 4 steps, as in x, got 3;/,
  },
  "validation data with a wrong label": {
    options: { validationData: [[[1, 2, 3, 4]], [7]] },
    message: /^fit, validationData: expected labels from 0 to 1.*, got 7 as label 0;/,
  },
};

describe("bad input to fit: one clear error, and nothing has changed", () => {
  for (const [name, bad] of Object.entries(badFits)) {
    gpuTest(name, async (device) => {
      const model = await compiled(device);
      await model.trainOnBatch(x, y);
      const state = async () => ({
        weights: await model.getWeights(),
        slots: await model.getOptimizerSlots(),
      });
      const before = await state();
      await assertThrows(
        () => model.fit("x" in bad ? bad.x! : x, bad.y ?? y, bad.options),
        InvalidInputError,
        bad.message,
      );
      assertEqual(await state(), before, "state");
      const { history } = await model.fit(x, y);
      expect(history.loss[0]).toBeLessThan(2);
      model.dispose();
    });
  }
});

describe("bad input to the other calls", () => {
  gpuTest("evaluate, predict and trainOnBatch check x and y as fit does", async (device) => {
    const model = await compiled(device);
    const before = await model.getWeights();
    await assertThrows(() => model.evaluate([[11]], [0]), InvalidInputError, /^evaluate: expected token ids/);
    await assertThrows(
      () => model.evaluate(x, [0]),
      InvalidInputError,
      /^evaluate: expected one label per row/,
    );
    await assertThrows(
      () => model.predict([[1], [1, 2]]),
      InvalidInputError,
      /^predict: expected rows of one length/,
    );
    await assertThrows(
      () => model.predict(x, { batchSize: 0.5 }),
      InvalidInputError,
      /^predict: expected batchSize/,
    );
    await assertThrows(
      () => model.trainOnBatch(x, [3, 1, 1]),
      InvalidInputError,
      /^trainOnBatch: expected labels/,
    );
    assertEqual(await model.getWeights(), before, "weights");
    model.dispose();
  });

  gpuTest("setWeights: number, length, name and finite values; nothing is set by halves", async (device) => {
    const model = await compiled(device);
    const before = await model.getWeights();
    const bare = before.map(({ data }) => Array.from(data));
    const set = (weights: Parameters<Sequential["setWeights"]>[0], message: RegExp) =>
      assertThrows(() => model.setWeights(weights), InvalidInputError, message);
    await set(
      bare.slice(1),
      /^setWeights: expected 6 weights \(embedding\/embeddings, .*\), got 5; pass what getWeights/,
    );
    await set(bare.with(0, [1, 2]), /expected 30 values for embedding\/embeddings \[10, 3\], got 2;/);
    await set(bare.with(5, [NaN]), /finite values for dense\/bias, got NaN in place 0;/);
    await set(bare.with(5, [Infinity]), /finite values for dense\/bias, got Infinity in place 0;/);
    await set(before.toReversed(), /expected embedding\/embeddings as weight 0, got dense\/bias;/);
    assertEqual(await model.getWeights(), before, "weights");
    model.dispose();
  });

  gpuTest("an input layer's length is what the summary shows, data may have another", async (device) => {
    const model = sequential([input({ shape: [5] }), ...layers()]);
    await model.compile({ loss, device });
    await model.fit(x, y);
    assertTrue(model.summary({ print: () => undefined }).includes("(None, 5, "), "expected 5 steps");
    model.dispose();
  });
});

describe("layers and models that cannot be", () => {
  const refused: Record<string, [() => unknown, RegExp]> = {
    "units 0": [() => simpleRNN(0), /^simpleRNN: expected units as a whole number from 1 to 1024, got 0; /],
    "units too many": [() => simpleRNN(1025), /got 1025/],
    "units not whole": [() => dense(1.5), /^dense: expected units as a whole number/],
    "a table without rows": [() => embedding(0, 3), /^embedding: expected inputDim/],
    "a table without columns": [() => embedding(3, 0), /^embedding: expected outputDim/],
    "an unknown activation": [
      () => dense(1, { activation: untyped("gelu") }),
      /activation as one of .*, got "gelu"/,
    ],
    "an unknown option": [
      () => simpleRNN(1, untyped({ return_sequences: true })),
      /got "return_sequences"; remove/,
    ],
    "a negative learning rate": [
      () => rmsprop({ learningRate: -1 }),
      /^rmsprop: expected learningRate.*, got -1/,
    ],
    "no layers": [() => sequential([]), /^sequential: expected at least one layer, got none;/],
    "no embedding": [() => sequential([dense(1)]), /layer 0 \(dense\): expected an embedding before it/],
    "a recurrence after last states": [
      () => sequential([embedding(3, 2), simpleRNN(2), simpleRNN(2)]),
      /layer 2 \(simple_rnn_1\): expected a sequence as its input.*set returnSequences/,
    ],
    "two layers of one name": [
      () => sequential([embedding(3, 2, { name: "a" }), dense(1, { name: "a" })]),
      /layers with different names, got two called "a"/,
    ],
  };
  for (const [name, [make, message]] of Object.entries(refused)) {
    test(name, async () => {
      await assertThrows(make, InvalidInputError, message);
    });
  }
});

describe("compile", () => {
  gpuTest("unknown names; the model stays as it was compiled before", async (device) => {
    const model = await compiled(device);
    await model.trainOnBatch(x, y);
    const before = [await model.getWeights(), await model.getOptimizerSlots()];
    const refuse = (options: object, message: RegExp) =>
      assertThrows(() => model.compile({ loss, device, ...options }), InvalidInputError, message);
    await refuse({ loss: "hinge" }, /^compile: expected loss as one of binaryCrossentropy, .*, got "hinge";/);
    await refuse(
      { optimizer: "adagrad" },
      /^compile: expected optimizer as one of rmsprop, .*, got "adagrad";/,
    );
    await refuse({ metrics: ["auc"] }, /^compile: expected metrics as \["acc"\]/);
    await refuse({ seed: -1 }, /a whole number from 0 to \d+ as seed, got -1/);
    await refuse({ seed: 0.5 }, /as seed, got 0.5/);
    assertEqual([await model.getWeights(), await model.getOptimizerSlots()], before, "state");
    model.dispose();
  });

  gpuTest("the model must end in a dense layer", async (device) => {
    const model = sequential([embedding(3, 2), simpleRNN(2)]);
    await assertThrows(
      () => model.compile({ loss, device }),
      InvalidInputError,
      /^compile: expected a model that ends in a dense layer, got SimpleRNN as the last layer; add dense/,
    );
  });

  gpuTest("again: it keeps the weights and starts the optimizer afresh", async (device) => {
    const model = await compiled(device);
    await model.fit(x, y, { epochs: 3 });
    const trained = await model.getWeights();
    await model.compile({ loss, metrics: ["acc"], device, seed: 5 });
    assertEqual(await model.getWeights(), trained, "weights");
    for (const { name, data } of (await model.getOptimizerSlots()).velocity) {
      assertEqual(data, new Float32Array(data.length), `velocity of ${name}`);
    }
    model.dispose();
  });
});

describe("calls at the wrong time", () => {
  const calls: Record<string, (model: Sequential) => Promise<unknown>> = {
    fit: (model) => model.fit(x, y),
    evaluate: (model) => model.evaluate(x, y),
    predict: (model) => model.predict(x),
    trainOnBatch: (model) => model.trainOnBatch(x, y),
    getGradients: (model) => model.getGradients(),
  };
  for (const [name, call] of Object.entries(calls)) {
    test(`${name} before compile`, async () => {
      const message = new RegExp(`^${name}: expected a compiled model, got one that is not; call compile`);
      await assertThrows(() => call(sequential(layers())), StateError, message);
    });
  }

  gpuTest("every use after dispose", async (device) => {
    const model = await compiled(device);
    const weights = await model.getWeights();
    model.dispose();
    const after: typeof calls = {
      ...calls,
      compile: (gone) => gone.compile({ loss, device }),
      getWeights: (gone) => gone.getWeights(),
      setWeights: (gone) => gone.setWeights(weights),
    };
    for (const [name, call] of Object.entries(after)) {
      const message = new RegExp(
        `^${name}: expected a live model, got one after dispose\\(\\); make a new model$`,
      );
      await assertThrows(() => call(model), StateError, message);
    }
    model.dispose();
  });

  gpuTest("two calls at a time", async (device) => {
    const model = await compiled(device);
    const running = model.fit(x, y, { epochs: 2 });
    const message = /^predict: expected an idle model, got one in the middle of fit; await that call first$/;
    await assertThrows(() => model.predict(x), StateError, message);
    await running;
    expect((await model.predict(x)).shape).toEqual([3, 1]);
    model.dispose();
  });
});

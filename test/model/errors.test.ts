import { describe, expect, test } from "vitest";
import {
  adam,
  bidirectional,
  dense,
  embedding,
  gru,
  input,
  InvalidInputError,
  lstm,
  nadam,
  rmsprop,
  sequential,
  sgd,
  simpleRNN,
  StateError,
  type Sequential,
} from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { assertEqual, assertThrows, assertTrue } from "../support/assert";
import { compiled, layers, loss, untyped, x, y } from "./small-model";

const gpuTest = useDevice();

/** Options that Keras has and this library has not: refused by name, not ignored. */
const lacking: [string, (options: object) => unknown][] = [
  ["useEma", adam],
  ["amsgrad", nadam],
  ["nesterov", rmsprop],
  ["gradientAccumulationSteps", sgd],
  ["unroll", (options) => simpleRNN(2, options)],
  ["zeroOutputForMask", (options) => lstm(2, options)],
  ["recurrentConstraint", (options) => gru(2, options)],
  ["activityRegularizer", (options) => dense(2, options)],
  ["backwardLayer", (options) => bidirectional(gru(2), options)],
];

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
    "two ways of clipping": [
      () => sgd({ clipnorm: 1, clipvalue: 0.1 }),
      /^sgd: expected one of clipnorm, globalClipnorm, clipvalue, got clipnorm and clipvalue; remove/,
    ],
    "a running mean that never moves": [
      () => nadam({ beta2: 1 }),
      /^nadam: expected beta2 as a number from 0 to below 1, got 1;/,
    ],
    "a flag that is none": [
      () => sgd(untyped({ nesterov: "yes" })),
      /^sgd: expected nesterov as true or false, got yes;/,
    ],
    "a rate that is none": [
      () => adam(untyped({ learningRate: "0.1x" })),
      /^adam: expected learningRate as a number of at least 0, got 0.1x;/,
    ],
    ...Object.fromEntries(
      lacking.map(([option, make]): [string, [() => unknown, RegExp]] => [
        `${option}, which there is not`,
        [() => make(untyped({ [option]: true })), new RegExp(`expected options among .*, got "${option}"; `)],
      ]),
    ),
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
    await refuse({ lossWeights: [2] }, /^compile: expected options among .*, got "lossWeights"; remove/);
    await refuse({ metrics: ["auc"] }, /^compile: expected metrics as \["acc"\]/);
    await refuse({ seed: -1 }, /seed as a whole number from 0 to \d+, got -1/);
    await refuse({ seed: 0.5 }, /seed as a whole number .*, got 0.5/);
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

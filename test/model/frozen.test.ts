import { describe, expect, test } from "vitest";
import {
  adamW,
  bidirectional,
  dense,
  embedding,
  InvalidInputError,
  lstm,
  nadam,
  rmsprop,
  sequential,
  sgd,
  simpleRNN,
  timeDistributed,
  type Device,
  type Layer,
  type Optimizer,
  type Sequential,
} from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { assertClose, assertEqual } from "../support/assert";
import { referenceOptimizer } from "../reference/optimizer";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import type { OptimizerDescription } from "../support/layers";

const gpuTest = useDevice();

const tokens = [
  [3, 1, 2, 6],
  [0, 4, 1, 5],
];
const labels = [1, 0];
const table = randomValues(7 * 3, 5);

const net = (trainable: boolean): Layer[] => [
  embedding(7, 3, { weights: table, trainable }),
  simpleRNN(4),
  dense(1, { activation: "sigmoid" }),
];

async function compiled(device: Device, layers: Layer[], optimizer: Optimizer): Promise<Sequential> {
  const model = sequential(layers);
  await model.compile({ optimizer, loss: "binaryCrossentropy", device, seed: 2 });
  return model;
}

describe("embedding with given weights", () => {
  test("they are the table; the configuration says nothing of them", async () => {
    const model = sequential(net(true));
    const [embeddings] = await model.getWeights();
    expect(embeddings.data).toEqual(Float32Array.from(table));
    expect(model.getConfig().layers[0]).toEqual(
      JSON.parse(JSON.stringify(sequential([embedding(7, 3)]).getConfig().layers[0])),
    );
  });

  test("of another length, or not finite, they are refused", () => {
    expect(() => embedding(7, 3, { weights: table.slice(1) })).toThrow(InvalidInputError);
    expect(() => embedding(7, 3, { weights: table.slice(1) })).toThrow(/= 21 finite values, got 20/);
    expect(() => embedding(1, 2, { weights: [1, NaN] })).toThrow(/got NaN in place 1/);
  });
});

describe("frozen layers", () => {
  const optimizers: Record<string, Optimizer> = {
    rmsprop: rmsprop({ momentum: 0.5, centered: true }),
    "adamW, global clipnorm": adamW({ weightDecay: 0.5, globalClipnorm: 0.01 }),
    "nadam, clipnorm": nadam({ weightDecay: 0.5, clipnorm: 0.01 }),
  };
  for (const [name, optimizer] of Object.entries(optimizers)) {
    gpuTest(`${name}: weights stay, and the optimizer knows nothing of them`, async (device) => {
      const model = await compiled(device, net(false), optimizer);
      const before = await model.getWeights();
      for (let step = 0; step < 3; step++) await model.trainOnBatch(tokens, labels);
      const after = await model.getWeights();
      assertEqual(after[0], before[0], "embeddings");
      before.slice(1).forEach(({ data }, i) => expect(after[i + 1].data).not.toEqual(data));
      const { slots } = await model.getOptimizerState();
      const trained = before.slice(1).map(({ name }) => name);
      for (const list of Object.values(slots)) expect(list.map(({ name }) => name)).toEqual(trained);
      model.dispose();
    });
  }

  gpuTest("layers in the middle: those before and behind are trained as ever", async (device) => {
    const optimizer = sgd({ learningRate: 0.1 });
    const layers = (trainable: boolean): Layer[] => [
      embedding(7, 3),
      simpleRNN(4, { trainable }),
      dense(1, { activation: "sigmoid" }),
    ];
    const [all, frozen] = [
      await compiled(device, layers(true), optimizer),
      await compiled(device, layers(false), optimizer),
    ];
    const before = await frozen.getWeights();
    await all.trainOnBatch(tokens, labels);
    await frozen.trainOnBatch(tokens, labels);
    const [expected, actual] = [await all.getWeights(), await frozen.getWeights()];
    [0, 4, 5].forEach((i) => assertEqual(actual[i], expected[i], expected[i].name));
    [1, 2, 3].forEach((i) => assertEqual(actual[i], before[i], before[i].name));
    [all, frozen].forEach((model) => model.dispose());
  });

  gpuTest("clipping by global norm does not count their gradients", async (device) => {
    const description: OptimizerDescription = {
      type: "sgd",
      learningRate: 1,
      momentum: 0,
      nesterov: false,
      globalClipnorm: 0.01,
    };
    const model = await compiled(device, net(false), sgd({ learningRate: 1, globalClipnorm: 0.01 }));
    const before = (await model.getWeights()).slice(1);
    await model.trainOnBatch(tokens, labels);
    const gradients = (await model.getGradients()).slice(1);
    const weights = before.map(({ data }) => Float64Array.from(data));
    const sizes = weights.map(({ length }) => length);
    const steps = gradients.map(({ data }) => Float64Array.from(data));
    referenceOptimizer(description, sizes).step(weights, steps);
    const after = (await model.getWeights()).slice(1);
    after.forEach(({ name, data }, i) => assertClose(data, weights[i], kernelTolerance(16), name));
    model.dispose();
  });

  gpuTest("a model of frozen layers alone stays as it is", async (device) => {
    const layers = [
      embedding(7, 3, { trainable: false }),
      simpleRNN(4, { trainable: false }),
      dense(1, { trainable: false }),
    ];
    const model = await compiled(device, layers, nadam({ clipnorm: 1 }));
    const before = await model.getWeights();
    await model.trainOnBatch(tokens, labels);
    assertEqual(await model.getWeights(), before, "weights");
    await model.setOptimizerState(await model.getOptimizerState());
    model.dispose();
  });

  test("the summary counts what is trained; a wrapper freezes what it holds", () => {
    const model = sequential([
      embedding(10, 4, { trainable: false }),
      bidirectional(lstm(2, { returnSequences: true }), { trainable: false }),
      bidirectional(lstm(2, { returnSequences: true, trainable: false })),
      timeDistributed(dense(3, { trainable: false })),
      simpleRNN(2),
      dense(1),
    ]).build([null, 5]);
    const text = model.summary({ print: () => undefined });
    expect(text).toContain(
      [
        " Total params: 294 (1.15 KB)",
        " Trainable params: 15 (60.00 B)",
        " Non-trainable params: 279 (1.09 KB)",
      ].join("\n"),
    );
  });

  gpuTest("the summary of a trained model counts the optimizer's variables", async (device) => {
    const model = await compiled(device, net(false), nadam());
    await model.fit(tokens, labels, { epochs: 1 });
    const text = model.summary({ print: () => undefined });
    // 32 + 5 weights, two slots of each, iterations, learning rate, and Nadam's product.
    expect(text).toContain(" Trainable params: 37 (148.00 B)");
    expect(text).toContain(" Non-trainable params: 21 (84.00 B)");
    expect(text).toContain(" Optimizer params: 77 (308.00 B)");
    model.dispose();
  });

  gpuTest("one seed, the same bits", async (device) => {
    const run = async (): Promise<unknown> => {
      const model = await compiled(device, net(false), nadam({ learningRate: 0.01, globalClipnorm: 0.1 }));
      await model.fit(tokens, labels, { epochs: 3, batchSize: 1 });
      const result = [await model.getWeights(), await model.getOptimizerState()];
      model.dispose();
      return result;
    };
    assertEqual(await run(), await run(), "second run");
  });
});

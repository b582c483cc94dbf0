import { describe, expect, test } from "vitest";
import {
  adam,
  dense,
  earlyStopping,
  embedding,
  InvalidInputError,
  reduceLROnPlateau,
  simpleRNN,
  type FitOptions,
} from "../../src/index";
import { hashWords } from "../../src/model/fit-settings";
import { useDevice } from "../runtime/use-device";
import { assertEqual } from "../support/assert";
import { Memory, common, made, outcome, sampleWeight, x, y, type Job } from "./snapshots";
import { findTheSeven } from "./training";

const gpuTest = useDevice();

describe("another training is refused by name, and the model is left as it was", () => {
  const other = findTheSeven(2);
  const changedLabel = y.map((label, row) => (row === 3 ? 1 - label : label));
  const changed: Record<
    string,
    [Partial<Job> & { x?: typeof x; y?: number[]; options?: FitOptions }, RegExp]
  > = {
    batchSize: [{ options: { batchSize: 32 } }, /batchSize 25, as in the checkpoint, got 32/],
    seed: [{ compile: { seed: 5 } }, /seed in compile 4, as in the checkpoint, got 5/],
    shuffle: [{ options: { shuffle: false } }, /shuffle true, as in the checkpoint, got false/],
    split: [{ options: { validationSplit: 0.5 } }, /rows to train on 153, as in the checkpoint, got 96/],
    x: [{ x: other.x }, /the x of before, of hash [0-9a-f]{8}/],
    y: [{ y: changedLabel }, /the y of before, of hash [0-9a-f]{8}/],
    weights: [{ options: { sampleWeight } }, /the sample or class weights of before, of hash none/],
    optimizer: [
      { compile: { optimizer: adam({ learningRate: 0.03 }) } },
      /the optimizer as in the checkpoint/,
    ],
    loss: [{ compile: { loss: "mse" } }, /the loss as in the checkpoint/],
    metrics: [{ compile: { metrics: ["accuracy"] } }, /metrics as in the checkpoint/],
    layers: [
      { layers: () => [embedding(20, 5), simpleRNN(8), dense(1, { activation: "sigmoid" })] },
      /layers as in the checkpoint/,
    ],
    callbacks: [
      { options: { callbacks: [earlyStopping()] } },
      /0 callbacks with a state, as in the checkpoint, got 1/,
    ],
  };
  for (const [name, [change, message]] of Object.entries(changed)) {
    gpuTest(name, async (device) => {
      const store = new Memory();
      await outcome(device, { compile: {}, fit: () => common }, { epochs: 1, checkpoint: { store } });
      const model = await made(device, {
        compile: change.compile ?? {},
        fit: () => common,
        layers: change.layers,
      });
      const before = [await model.getWeights(), await model.getOptimizerState()];
      const run = model.fit(change.x ?? x, change.y ?? y, { ...common, ...change.options, resume: store });
      await expect(run).rejects.toThrow(InvalidInputError);
      await expect(run).rejects.toThrow(message);
      assertEqual([await model.getWeights(), await model.getOptimizerState()], before, "the model");
      model.dispose();
    });
  }

  gpuTest("the state of another callback", async (device) => {
    const store = new Memory();
    const job: Job = { compile: {}, fit: () => common };
    await outcome(device, job, { checkpoint: { store }, callbacks: [earlyStopping()] });
    const run = outcome(device, job, { resume: store, callbacks: [reduceLROnPlateau()] });
    await expect(run).rejects.toThrow(
      /the state of reduceLROnPlateau in the checkpoint, got that of earlyStopping/,
    );
  });

  gpuTest("an interval that is none", async (device) => {
    for (const [options, message] of [
      [{ everySteps: 0 }, /checkpoint\.everySteps as a whole number of at least 1, got 0/],
      [{ everyEpochs: 1.5 }, /checkpoint\.everyEpochs as a whole number of at least 1, got 1\.5/],
      [{ everySeconds: -1 }, /checkpoint\.everySeconds as a number above 0, got -1/],
    ] as const) {
      const checkpoint = { store: new Memory(), ...options };
      await expect(outcome(device, { compile: {}, fit: () => common }, { checkpoint })).rejects.toThrow(
        message,
      );
    }
  });
});

test("the hash tells values, their order and their division apart", () => {
  expect(hashWords(Uint32Array.of(1, 2))).toMatch(/^[0-9a-f]{8}$/);
  expect(hashWords(Uint32Array.of(1, 2))).not.toBe(hashWords(Uint32Array.of(2, 1)));
  expect(hashWords(Uint32Array.of(1), Uint32Array.of(2))).not.toBe(hashWords(Uint32Array.of(1, 2)));
  expect(hashWords(Float32Array.of(0.1))).toBe(hashWords(Float32Array.of(0.1)));
});

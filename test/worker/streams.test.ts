import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dense, embedding, exponentialDecay, gru, learningRateScheduler, lstm } from "../../src/index";
import { reduceLROnPlateau, rmsprop, sequential, simpleRNN } from "../../src/index";
import type { Callback, Layer, ProgramSample } from "../../src/index";
import type { WorkerCompileOptions } from "../../src/worker/index";
import { InvalidInputError, StateError } from "../../src/runtime/errors";
import { openEngine, type FarEngine } from "./engine";

const vocabulary = 7;
const rows = Array.from({ length: 8 }, (_, row) => [1, 2, 3, 4].map((token) => (token * (row + 1)) % 7));
const labels = rows.map((row) => row[3] % 2);
const writer = (): Layer[] => [
  embedding(vocabulary, 3),
  gru(4, { returnSequences: true }),
  dense(vocabulary, { activation: "softmax" }),
];
const judge = (recurrent: Layer): Layer[] => [
  embedding(vocabulary, 3),
  recurrent,
  dense(1, { activation: "sigmoid" }),
];
const compile: WorkerCompileOptions = {
  optimizer: "rmsprop",
  loss: "binaryCrossentropy",
  metrics: ["acc"],
  seed: 2,
};

let there: FarEngine;

beforeAll(async () => {
  there = await openEngine();
});

afterAll(() => there.close());

const made = async (layers: Layer[], options: WorkerCompileOptions = compile) => {
  const model = await there.engine.sequential(layers);
  await model.compile({ ...options, device: there.far });
  return model;
};

describe("a stream on the other side of a port", () => {
  it("says after every token what one on this side says", async ({ skip }) => {
    const { device } = there;
    if (!device) return skip();
    const options = { loss: "sparseCategoricalCrossentropy", seed: 5, selfTest: false };
    const here = sequential(writer());
    await here.compile({ ...options, device });
    const beyond = await made(writer(), options);
    const [near, far] = [await here.stream(), await beyond.stream()];
    const said: Float32Array[] = [];
    for (const token of [1, 5, 2]) {
      const step = await far.next(token);
      expect(step).toEqual(await near.next(token));
      said.push(step.output);
    }
    expect(said[0]).toHaveLength(vocabulary);
    await far.reset();
    expect((await far.next(1)).output).toEqual(said[0]);
    expect((await far.next(1)).output).not.toEqual(said[0]);
    await expect(far.next(vocabulary)).rejects.toBeInstanceOf(InvalidInputError);
    far.dispose();
    far.dispose();
    await expect(far.next(1)).rejects.toThrow(/live model, device or stream/);
    const orphan = await beyond.stream();
    beyond.dispose();
    await expect(orphan.next(1)).rejects.toBeInstanceOf(StateError);
    here.dispose();
  });
});

describe("a profile on the other side of a port", () => {
  it("tells the time of a step's kernels until it is ended", async ({ skip }) => {
    const { device } = there;
    if (!device) return skip();
    const model = await made(judge(simpleRNN(4)));
    const samples: ProgramSample[] = [];
    const end = await model.profile((sample) => samples.push(sample), { interval: 0 });
    await model.fit(rows, labels, { epochs: 4, batchSize: 4 });
    if (!device.gpu.features.has("timestamp-query")) return expect(samples).toEqual([]);
    expect(samples.length).toBeGreaterThan(1);
    const kernels = samples[0].steps.map(({ kernel }) => kernel);
    expect(kernels).toContain("scanForward");
    expect(kernels.at(-1)).toBe("optimizer");
    const told = samples.length;
    end();
    await model.fit(rows, labels, { epochs: 4, batchSize: 4 });
    expect(samples).toHaveLength(told);
    model.dispose();
    await expect(model.profile(() => undefined)).rejects.toBeInstanceOf(StateError);
  });

  it("is of a device that says what it has", ({ skip }) => {
    const { device, far } = there;
    if (!device) return skip();
    expect(new Set(far?.features)).toEqual(new Set(device.gpu.features));
    expect(far?.limits.maxBufferSize).toBe(device.limits.maxBufferSize);
  });
});

describe("a stateful model on the other side of a port", () => {
  it("goes on where it was, until its states are reset", async ({ skip }) => {
    if (!there.device) return skip();
    const model = await made(judge(lstm(4, { stateful: true })));
    const batchSize = rows.length;
    const first = await model.predict(rows, { batchSize });
    expect(await model.predict(rows, { batchSize })).not.toEqual(first);
    await model.resetStates();
    expect(await model.predict(rows, { batchSize })).toEqual(first);
    model.dispose();
  });
});

describe("callbacks of the learning rate across a port", () => {
  const fit = async (learningRate: number | ReturnType<typeof exponentialDecay>, callback: Callback) => {
    const model = await made(judge(simpleRNN(3)), { ...compile, optimizer: rmsprop({ learningRate }) });
    try {
      return await model.fit(rows, labels, { epochs: 4, callbacks: [callback] });
    } finally {
      model.dispose();
    }
  };

  it("set it", async ({ skip }) => {
    if (!there.device) return skip();
    const { history } = await fit(
      0.5,
      learningRateScheduler((_, rate) => rate / 2),
    );
    expect(history.learning_rate).toEqual([0.25, 0.125, 0.0625, 0.03125]);
    const plateau = reduceLROnPlateau({ monitor: "loss", patience: 1, minDelta: 100, factor: 0.5 });
    expect((await fit(0.5, plateau)).history.learning_rate).toEqual([0.5, 0.5, 0.25, 0.125]);
  });

  it("are refused where it follows a schedule, which goes on by itself", async ({ skip }) => {
    if (!there.device) return skip();
    const schedule = exponentialDecay(0.01, 1, 0.5);
    const refused = fit(
      schedule,
      learningRateScheduler((_, rate) => rate),
    );
    await expect(refused).rejects.toBeInstanceOf(StateError);
    await expect(refused).rejects.toThrow(/one that follows ExponentialDecay/);
    const seen: string[] = [];
    await fit(schedule, { onEpochEnd: (epoch) => void seen.push(`end ${epoch}`) });
    expect(seen).toEqual(["end 0", "end 1", "end 2", "end 3"]);
  });
});

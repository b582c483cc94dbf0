import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dense, earlyStopping, embedding, sequential, simpleRNN } from "../../src/index";
import type { CheckpointStore, CompileOptions, Layer, TrainingSnapshot } from "../../src/index";
import { InvalidInputError, StateError } from "../../src/runtime/errors";
import type { Device } from "../../src/runtime/device";
import { serve, startWorker, type WorkerDevice, type WorkerEngine } from "../../src/worker/index";
import { openEngine, type FarEngine } from "./engine";

/** Rows whose label is whether their last token is above 5. */
const x = Array.from({ length: 32 }, (_, row) => [1, 2, (row * 7) % 11, 3 + (row % 5), (row * 3) % 11]);
const y = x.map((row) => (row[4] > 5 ? 1 : 0));
const layers = (): Layer[] => [embedding(11, 4), simpleRNN(5), dense(1, { activation: "sigmoid" })];
const compile = {
  optimizer: "adam",
  loss: "binaryCrossentropy",
  metrics: ["acc"],
  seed: 3,
  selfTest: false,
} satisfies CompileOptions;

let there: FarEngine;
let device: Device | undefined;
let far: WorkerDevice | undefined;
let engine: WorkerEngine;

beforeAll(async () => {
  there = await openEngine();
  ({ device, far, engine } = there);
});

afterAll(() => there.close());

const made = async () => {
  const model = await engine.sequential(layers());
  await model.compile({ ...compile, device: far });
  return model;
};

describe("a model on the other side of a port", () => {
  it("trains to the bit as one on this side", async ({ skip }) => {
    if (!device) return skip();
    const here = sequential(layers());
    await here.compile({ ...compile, device });
    const there = await made();
    const options = { epochs: 2, batchSize: 8, validationSplit: 0.25 };
    expect(await there.fit(x, y, options)).toEqual(await here.fit(x, y, options));
    expect(await there.getWeights()).toEqual(await here.getWeights());
    expect(await there.predict(x)).toEqual(await here.predict(x));
    expect(await there.evaluate(x, y)).toEqual(await here.evaluate(x, y));
    expect(there.parameterCount).toBe(here.parameterCount);
    expect(there.getConfig()).toEqual(here.getConfig());
    there.dispose();
    here.dispose();
  });

  it("runs callbacks here, which see and change the model", async ({ skip }) => {
    if (!device) return skip();
    const model = await made();
    const seen: string[] = [];
    const rates: number[] = [];
    const halving = {
      model: { learningRate: 0, stopTraining: false },
      setModel(trained: { learningRate: number; stopTraining: boolean }) {
        this.model = trained;
      },
      onEpochBegin(epoch: number) {
        seen.push(`begin ${epoch}`);
        rates.push(this.model.learningRate);
        this.model.learningRate /= 2;
      },
      async onEpochEnd(epoch: number, logs: Record<string, number>) {
        await Promise.resolve();
        seen.push(`end ${epoch}`);
        logs.extra = epoch + 0.5;
        if (epoch === 1) this.model.stopTraining = true;
      },
    };
    const { history } = await model.fit(x, y, { epochs: 9, callbacks: [halving] });
    expect(seen).toEqual(["begin 0", "end 0", "begin 1", "end 1"]);
    expect(rates).toEqual([0.001, 0.0005]);
    expect(history.extra).toEqual([0.5, 1.5]);
    model.dispose();
  });

  it("keeps checkpoints in a store of the page, and resumes to the bit", async ({ skip }) => {
    if (!device) return skip();
    const kept: TrainingSnapshot[] = [];
    const store: CheckpointStore = {
      save: async (snapshot) => Promise.resolve(void kept.push(snapshot)),
      load: () => Promise.resolve(kept[2]),
      clear: () => Promise.resolve(),
    };
    const options = () => ({
      epochs: 4,
      batchSize: 8,
      validationSplit: 0.25,
      callbacks: [earlyStopping({ patience: 2, restoreBestWeights: true })],
    });
    const first = await made();
    const undisturbed = await first.fit(x, y, { ...options(), checkpoint: { store, everySteps: 2 } });
    expect(kept.slice(0, 4).map(({ position }) => [position.epoch, position.step])).toEqual([
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 3],
    ]);
    const again = await made();
    expect(await again.fit(x, y, { ...options(), checkpoint: { store }, resume: true })).toEqual(undisturbed);
    expect(await again.getWeights()).toEqual(await first.getWeights());
    expect(await again.getOptimizerState()).toEqual(await first.getOptimizerState());
    const full = new Error("disk full");
    const failing = { ...store, save: () => Promise.reject(full) };
    await expect(again.fit(x, y, { checkpoint: { store: failing } })).rejects.toBe(full);
    first.dispose();
    again.dispose();
  });

  it("hands back the very error that a callback threw", async ({ skip }) => {
    if (!device) return skip();
    const model = await made();
    const error = new TypeError("mine");
    const onEpochEnd = () => {
      throw error;
    };
    await expect(model.fit(x, y, { callbacks: [{ onEpochEnd }] })).rejects.toBe(error);
    model.dispose();
  });

  it("stops at an abort, for the reason given", async ({ skip }) => {
    if (!device) return skip();
    const model = await made();
    const controller = new AbortController();
    const reason = new Error("enough");
    const onEpochEnd = () => controller.abort(reason);
    const fit = model.fit(x, y, { epochs: 1000, signal: controller.signal, callbacks: [{ onEpochEnd }] });
    await expect(fit).rejects.toBe(reason);
    model.dispose();
  });

  it("keeps class and message of errors", async ({ skip }) => {
    if (!device) return skip();
    const model = await made();
    const wrong = model.predict([[99]]);
    await expect(wrong).rejects.toBeInstanceOf(InvalidInputError);
    await expect(wrong).rejects.toThrow(/expected token ids .* got 99/);
    model.dispose();
    await expect(model.getWeights()).rejects.toBeInstanceOf(StateError);
    await expect(engine.sequential([dense(1)])).rejects.toBeInstanceOf(InvalidInputError);
    const given = embedding(1, 2, { weights: [1, 2] });
    await expect(engine.sequential([given])).rejects.toThrow(/got an embedding with weights/);
  });

  it("takes arrays over where it is told to, and copies them otherwise", async ({ skip }) => {
    if (!device) return skip();
    const model = await made();
    const tokens = { data: Int32Array.from(x.flat()), shape: [32, 5] };
    const before = await model.predict(tokens);
    expect(tokens.data).toHaveLength(160);
    expect(await model.predict(tokens, { transfer: true })).toEqual(before);
    expect(tokens.data).toHaveLength(0);
    model.dispose();
  });

  it("rejects what runs when the worker is ended, and all calls after", async () => {
    const { port1, port2 } = new MessageChannel();
    serve(port1);
    const own = startWorker({ port: port2 });
    const model = await own.sequential(layers());
    const running = model.summary();
    own.terminate();
    await expect(running).rejects.toBeInstanceOf(StateError);
    await expect(model.getWeights()).rejects.toThrow(/terminate/);
  });
});

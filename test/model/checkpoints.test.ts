import { describe, expect } from "vitest";
import {
  dense,
  dropout,
  earlyStopping,
  embedding,
  gru,
  learningRateScheduler,
  lstm,
  reduceLROnPlateau,
  rmsprop,
  sgd,
  simpleRNN,
  type Callback,
  type CheckpointStore,
} from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { assertEqual } from "../support/assert";
import { Memory, common, outcome, sampleWeight, type Job } from "./snapshots";
import { findTheSeven } from "./training";

const gpuTest = useDevice();

const stopping = (): Callback[] => [
  reduceLROnPlateau({ monitor: "loss", factor: 0.5, patience: 1, minDelta: 0.5 }),
  earlyStopping({ monitor: "val_loss", minDelta: 0.01, patience: 2, restoreBestWeights: true }),
];

const jobs: Record<string, Job> = {
  "adam, shuffled, with validation": { compile: {}, fit: () => common },
  "sgd with momentum, sample weights, no shuffle": {
    compile: { optimizer: sgd({ learningRate: 0.3, momentum: 0.9 }) },
    fit: () => ({ ...common, shuffle: false, sampleWeight }),
  },
  "centered rmsprop with clipping, class weights, a wide scan": {
    compile: { optimizer: rmsprop({ momentum: 0.5, centered: true, clipnorm: 1 }), scan: "wide" },
    fit: () => ({ ...common, validationSplit: 0, classWeight: { 0: 0.5, 1: 2 } }),
  },
  "two layers, early stopping and a falling learning rate in progress": {
    compile: {},
    fit: () => ({ ...common, epochs: 8, callbacks: stopping() }),
    layers: () => [
      embedding(20, 5),
      simpleRNN(7, { returnSequences: true }),
      simpleRNN(5),
      dense(1, { activation: "sigmoid" }),
    ],
  },
  "dropout, whose masks are drawn anew at every step": {
    compile: {},
    fit: () => common,
    layers: () => [
      embedding(20, 5),
      lstm(6, { dropout: 0.2, recurrentDropout: 0.3 }),
      dropout(0.4),
      dense(1, { activation: "sigmoid" }),
    ],
  },
  "a stateful layer, which carries its state over batches and epochs": {
    compile: {},
    fit: () => ({ epochs: 2, batchSize: 24, shuffle: false }),
    layers: () => [embedding(20, 5), gru(6, { stateful: true }), dense(1, { activation: "sigmoid" })],
  },
  "a schedule that multiplies the rate, validation data": {
    compile: {},
    fit: () => ({
      ...common,
      validationSplit: 0,
      validationData: { x: findTheSeven(9).x, y: findTheSeven(9).y },
      callbacks: [learningRateScheduler((_, rate) => rate * 0.7)],
    }),
  },
};

describe("resume goes on to the bits of an undisturbed run", () => {
  for (const [name, job] of Object.entries(jobs)) {
    gpuTest(name, async (device) => {
      const undisturbed = await outcome(device, job);
      const store = new Memory();
      const watched = await outcome(device, job, { checkpoint: { store, everySteps: 3 } });
      assertEqual(watched, undisturbed, "a run with checkpoints");

      const epochs = undisturbed.history.epoch.length;
      const ends = store.all.filter(({ position }) => position.step === 0);
      expect(ends.map(({ position }) => position.epoch)).toEqual(
        Array.from({ length: epochs }, (_, i) => i + 1),
      );
      expect(store.all.length).toBeGreaterThan(ends.length + epochs);
      for (const snapshot of store.all) {
        const { epoch, step } = snapshot.position;
        const again = await outcome(device, job, { resume: snapshot });
        assertEqual(again, undisturbed, `from epoch ${epoch}, step ${step}`);
      }
    });
  }

  gpuTest("early stopping did stop, in mid-training", async (device) => {
    const job = jobs["two layers, early stopping and a falling learning rate in progress"];
    const { history, optimizer } = await outcome(device, job);
    expect(history.epoch.length).toBeGreaterThan(2);
    expect(history.epoch.length).toBeLessThan(8);
    expect(optimizer.learningRate).toBeLessThan(0.02);
  });

  gpuTest("again and again, each time from where the last one was cut off", async (device) => {
    const job: Job = { compile: {}, fit: () => common };
    const undisturbed = await outcome(device, job);
    const store = new Memory();
    let cuts = 0;
    for (;;) {
      const stop = new AbortController();
      const taken = store.all.length;
      const cutting: CheckpointStore = {
        load: () => store.load(),
        clear: () => store.clear(),
        async save(snapshot) {
          await store.save(snapshot);
          if (store.all.length >= taken + 2) stop.abort();
        },
      };
      const run = outcome(device, job, {
        checkpoint: { store: cutting, everySteps: 1 },
        resume: true,
        signal: stop.signal,
      });
      const ended = await run.catch((error: unknown) => {
        expect(error).toMatchObject({ name: "AbortError" });
        return undefined;
      });
      if (ended) {
        assertEqual(ended, undisturbed, `after ${cuts} cuts`);
        break;
      }
      cuts++;
    }
    expect(cuts).toBeGreaterThan(3);
  });

  gpuTest("the loop's shape is that of the checkpoint, whatever compile chose", async (device) => {
    const wide: Job = { compile: { scan: "wide" }, fit: () => common };
    const store = new Memory();
    const undisturbed = await outcome(device, wide, { checkpoint: { store, everySteps: 4 } });
    const [first] = store.all;
    const narrow: Job = { compile: { scan: "narrow" }, fit: () => common };
    assertEqual(await outcome(device, narrow, { resume: first }), undisturbed, "resumed");
  });

  gpuTest("the loop is cut into dispatches as compile measures; the bits are the same", async (device) => {
    const job: Job = { compile: {}, fit: () => common, layers: () => [embedding(20, 5), lstm(6), dense(1)] };
    const compile = { loss: "mse", metrics: [] };
    const cut = await outcome(device, { ...job, compile: { ...compile, chunkSteps: 3 } });
    assertEqual(cut, await outcome(device, { ...job, compile }), "in pieces of three steps");
  });

  gpuTest("without a seed of its own, a model takes over the checkpoint's generators", async (device) => {
    const { layers } = jobs["dropout, whose masks are drawn anew at every step"];
    const job: Job = { compile: {}, fit: () => common, layers };
    const store = new Memory();
    const undisturbed = await outcome(device, job, { checkpoint: { store, everySteps: 4 } });
    const unseeded: Job = { ...job, compile: { seed: undefined } };
    assertEqual(await outcome(device, unseeded, { resume: store.all[1] }), undisturbed, "resumed");
  });

  gpuTest("more epochs go on behind the last one", async (device) => {
    const job: Job = { compile: {}, fit: () => common };
    const store = new Memory();
    await outcome(device, job, { epochs: 2, checkpoint: { store } });
    const longer = await outcome(device, job, { epochs: 4, checkpoint: { store }, resume: true });
    assertEqual(longer, await outcome(device, job, { epochs: 4 }), "two epochs and two more");
  });
});

import { describe, expect, test } from "vitest";
import {
  adam,
  dense,
  dropout,
  earlyStopping,
  embedding,
  gru,
  InvalidInputError,
  lstm,
  reduceLROnPlateau,
  rmsprop,
  sequential,
  sgd,
  simpleRNN,
  type Callback,
  type CheckpointStore,
  type CompileOptions,
  type Device,
  type FitOptions,
  type Layer,
  type Sequential,
  type TrainingSnapshot,
} from "../../src/index";
import { learningRateScheduler } from "../../src/index";
import { hashWords } from "../../src/model/fit-settings";
import { useDevice } from "../runtime/use-device";
import { assertEqual } from "../support/assert";
import { findTheSeven } from "./training";

const gpuTest = useDevice();
const { x, y } = findTheSeven(1);

/** Keeps every snapshot that was ever saved. */
class Memory implements CheckpointStore {
  readonly all: TrainingSnapshot[] = [];

  async save(snapshot: TrainingSnapshot): Promise<void> {
    this.all.push(structuredClone(snapshot));
    return Promise.resolve();
  }

  load(): Promise<TrainingSnapshot | undefined> {
    return Promise.resolve(this.all.at(-1));
  }

  clear(): Promise<void> {
    this.all.length = 0;
    return Promise.resolve();
  }
}

interface Job {
  compile: Partial<CompileOptions>;
  fit: () => FitOptions;
  layers?: () => Layer[];
}

const layers = (): Layer[] => [embedding(20, 5), simpleRNN(7), dense(1, { activation: "sigmoid" })];

async function made(device: Device, job: Job): Promise<Sequential> {
  const model = sequential((job.layers ?? layers)());
  await model.compile({
    optimizer: adam({ learningRate: 0.02 }),
    loss: "binaryCrossentropy",
    metrics: ["acc"],
    device,
    seed: 4,
    scan: "narrow",
    ...job.compile,
  });
  return model;
}

/** Trains, and gives all that a training leaves behind. */
async function outcome(device: Device, job: Job, options: FitOptions = {}) {
  const model = await made(device, job);
  const history = await model.fit(x, y, { ...job.fit(), ...options });
  const left = { history, weights: await model.getWeights(), optimizer: await model.getOptimizerState() };
  model.dispose();
  return left;
}

const common = { epochs: 3, batchSize: 25, validationSplit: 0.2 };
const sampleWeight = y.map((_, row) => 0.5 + (row % 3) / 2);
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

describe("when snapshots are taken", () => {
  gpuTest("by steps, counted over the epochs, and at epochs' ends", async (device) => {
    const store = new Memory();
    // 154 rows: seven steps an epoch.
    const checkpoint = { store, everySteps: 5, everyEpochs: 2 };
    await outcome(device, { compile: {}, fit: () => common }, { checkpoint });
    const taken = store.all.map(({ position }) => `${position.epoch}.${position.step}`);
    expect(taken).toEqual(["0.5", "1.3", "2.0", "2.1", "2.6"]);
  });

  gpuTest("by time", async (device) => {
    const store = new Memory();
    const checkpoint = { store, everySeconds: 1e-6, everyEpochs: 100 };
    await outcome(device, { compile: {}, fit: () => common }, { checkpoint });
    expect(store.all.length).toBeGreaterThan(1);
    expect(store.all.every(({ position }) => position.step > 0)).toBe(true);
  });

  gpuTest("by time, training does not wait for a slow store", async (device) => {
    let steps = 0;
    let saved = 0;
    const store: CheckpointStore = {
      load: () => Promise.resolve(undefined),
      clear: () => Promise.resolve(),
      async save() {
        const before = steps;
        // Would hang if training waited.
        while (steps < before + 20) await new Promise((resolve) => setTimeout(resolve, 1));
        saved++;
      },
    };
    const counting: Callback = {
      onBatchEnd: (batch) => void (steps = Math.max(steps, batch)),
      onEpochEnd: () => void (steps += 100),
    };
    const job: Job = {
      compile: {},
      fit: () => ({ ...common, epochs: 10, batchSize: 15, callbacks: [counting] }),
    };
    const checkpoint = { store, everySeconds: 1e-3, everyEpochs: 1000 };
    await outcome(device, job, { checkpoint });
    expect(saved).toBeGreaterThan(0);
  });

  gpuTest("by steps, training waits for a slow store, and one is saved at a time", async (device) => {
    let [running, most] = [0, 0];
    const store = new Memory();
    const slow: CheckpointStore = {
      load: () => store.load(),
      clear: () => store.clear(),
      async save(snapshot) {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 20));
        await store.save(snapshot);
        running--;
      },
    };
    const job: Job = { compile: {}, fit: () => ({ ...common, epochs: 1 }) };
    await outcome(device, job, { checkpoint: { store: slow, everySteps: 2 } });
    expect(most).toBe(1);
    expect(store.all.map(({ position }) => position.step)).toEqual([2, 4, 6, 0]);
  });

  gpuTest("a store that fails ends the training with its error", async (device) => {
    const full = new Error("disk full");
    const store: CheckpointStore = {
      load: () => Promise.resolve(undefined),
      clear: () => Promise.resolve(),
      save: () => Promise.reject(full),
    };
    const epochs: number[] = [];
    const job: Job = {
      compile: {},
      fit: () => ({
        ...common,
        epochs: 50,
        callbacks: [{ onEpochBegin: (epoch) => void epochs.push(epoch) }],
      }),
    };
    await expect(outcome(device, job, { checkpoint: { store, everySteps: 1 } })).rejects.toBe(full);
    expect(epochs.length).toBeLessThan(5);
  });

  gpuTest("without a checkpoint in the store, resume starts anew", async (device) => {
    const job: Job = { compile: {}, fit: () => common };
    const fresh = await outcome(device, job, { checkpoint: { store: new Memory() }, resume: true });
    assertEqual(fresh, await outcome(device, job), "a fresh run");
  });
});

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

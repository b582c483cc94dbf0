import { describe, expect } from "vitest";
import type { Callback, CheckpointStore } from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { assertEqual } from "../support/assert";
import { Memory, common, outcome, type Job } from "./snapshots";

const gpuTest = useDevice();

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

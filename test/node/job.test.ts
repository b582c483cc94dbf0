import { expect, test } from "vitest";
import { trainAndEvaluate, type JobModel } from "../../src/job/train";
import type { JobConfig, JobData, JobEvent } from "../../src/job/types";

const config: JobConfig = {
  epochs: 2,
  batchSize: 4,
  numWords: 10,
  maxlen: 3,
  embedding: 2,
  units: 2,
  validationSplit: 0.2,
  learningRate: 0.001,
  seed: 0,
  sample: true,
};

const reviews = (rows: number): JobData["train"] => ({
  x: { data: new Int32Array(rows * 3), shape: [rows, 3] },
  y: new Uint8Array(rows),
});

const data: JobData = { train: reviews(11), test: reviews(5), preprocessing: {} };

/** Calls the hooks as `fit` does: two epochs of two steps, figures that tell them apart. */
class FakeModel implements JobModel {
  validates = true;
  settings: Record<string, unknown> = {};

  async fit(...[x, y, options]: Parameters<JobModel["fit"]>): Promise<void> {
    const [{ onEpochBegin, onBatchEnd, onEpochEnd }] = options.callbacks;
    this.settings = { ...options, rows: x.shape[0], labels: y.length };
    for (let epoch = 0; epoch < 2; epoch++) {
      options.signal?.throwIfAborted();
      onEpochBegin(epoch);
      onBatchEnd(1, { loss: 0.5 - epoch / 10, acc: 0.5, steps: 2 });
      onEpochEnd(epoch, {
        loss: 0.4 - epoch / 10,
        acc: 0.6,
        ...(this.validates && { val_loss: 0.7, val_acc: 0.3 }),
      });
    }
    return Promise.resolve();
  }

  evaluate(x: { shape: [number, number] }): Promise<Record<string, number>> {
    return Promise.resolve({ loss: x.shape[0], acc: 0.25 });
  }
}

test("the job fits, evaluates the test part, and tells of it in order", async () => {
  const model = new FakeModel();
  const events: JobEvent[] = [];
  let time = 0;
  const result = await trainAndEvaluate(model, config, data, {
    emit: (event) => events.push(event),
    now: () => (time += 500),
  });
  expect(model.settings).toMatchObject({
    epochs: 2,
    batchSize: 4,
    validationSplit: 0.2,
    rows: 11,
    labels: 11,
  });
  expect(events.map(({ kind }) => kind)).toEqual([
    ...["epoch", "step", "epochEnd", "epoch", "step", "epochEnd", "evaluate"],
  ]);
  // floor(11 · 0.8) = 8 reviews are trained on: two steps of four.
  expect(events[1]).toEqual({ kind: "step", step: 2, steps: 2, seconds: 0.5, loss: 0.5, acc: 0.5 });
  const epoch = { acc: 0.6, val_loss: 0.7, val_acc: 0.3, seconds: 1, steps: 2 };
  expect(result).toEqual({
    epochs: [
      { ...epoch, loss: 0.4 },
      { ...epoch, loss: 0.4 - 1 / 10 },
    ],
    test: { loss: 5, acc: 0.25 },
    earlier: 0,
  });
});

test("what a checkpoint keeps of the job puts the earlier epochs before the later ones", async () => {
  class Resumed extends FakeModel {
    override async fit(...[x, y, options]: Parameters<JobModel["fit"]>): Promise<void> {
      const [{ saveState, restoreState }] = options.callbacks;
      expect(saveState()).toMatchObject({ reports: [] });
      restoreState({ reports: [{ loss: 9, acc: 0, seconds: 3, steps: 2 }], seconds: 2 });
      await super.fit(x, y, options);
    }
  }
  const store = {
    save: () => Promise.resolve(),
    load: () => Promise.resolve(undefined),
    clear: () => Promise.resolve(),
  };
  const model = new Resumed();
  const options = { emit: () => undefined, checkpoint: { store, resume: true } };
  const { epochs, earlier } = await trainAndEvaluate(model, config, data, options);
  expect(model.settings).toMatchObject({ resume: true, checkpoint: { store } });
  expect(epochs.map(({ loss }) => loss)).toEqual([9, 0.4, 0.4 - 1 / 10]);
  expect(earlier).toBe(5);
});

test("without validation the report has no validation figures", async () => {
  const model = new FakeModel();
  model.validates = false;
  const { epochs } = await trainAndEvaluate(model, { ...config, validationSplit: 0 }, data, {
    emit: () => undefined,
  });
  expect(Object.keys(epochs[0] ?? {})).toEqual(["loss", "acc", "seconds", "steps"]);
  expect(epochs[0]?.steps).toBe(3);
});

test("a signal stops it", async () => {
  const stop = new AbortController();
  const emit = (event: JobEvent) => {
    if (event.kind === "epochEnd") stop.abort();
  };
  const run = trainAndEvaluate(new FakeModel(), config, data, { emit, signal: stop.signal });
  await expect(run).rejects.toMatchObject({ name: "AbortError" });
});

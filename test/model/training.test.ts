import { describe, expect } from "vitest";
import {
  adam,
  csvLogger,
  dense,
  earlyStopping,
  embedding,
  learningRateScheduler,
  modelCheckpoint,
  reduceLROnPlateau,
  sequential,
  sgd,
  simpleRNN,
  terminateOnNaN,
  type Callback,
  type Device,
  type NamedWeight,
  type Optimizer,
  type Sequential,
} from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { assertTrue, assertEqual } from "../support/assert";
import { findTheSeven, shortTraining } from "./training";

const gpuTest = useDevice();

const { x, y } = findTheSeven(1);

async function compiled(device: Device, optimizer: string | Optimizer = "rmsprop"): Promise<Sequential> {
  const model = sequential([embedding(20, 4), simpleRNN(5), dense(1, { activation: "sigmoid" })]);
  await model.compile({
    optimizer,
    loss: "binaryCrossentropy",
    metrics: ["acc"],
    device,
    seed: 2,
    scan: "wide",
  });
  return model;
}

describe("training", () => {
  gpuTest("learns a small task", async (device) => {
    const { loss, acc, test } = await shortTraining(device, undefined, { epochs: 13 });
    expect(loss[0]).toBeGreaterThan(0.5);
    expect(Math.min(...loss)).toBeLessThan(0.15);
    expect(Math.max(...acc)).toBeGreaterThan(0.96);
    expect(test.acc).toBeGreaterThan(0.85);
  });

  gpuTest("epochs count from initialEpoch", async (device) => {
    const model = await compiled(device);
    const { epoch, history } = await model.fit(x, y, { initialEpoch: 2, epochs: 5, batchSize: 64 });
    expect(epoch).toEqual([2, 3, 4]);
    expect(history.loss.length).toBe(3);
    model.dispose();
  });

  gpuTest("validation data and a split of the same rows give the same figures", async (device) => {
    const [rows, steps] = x.shape;
    const kept = rows - 40;
    const part = (from: number, to: number) => ({
      data: x.data.slice(from * steps, to * steps),
      shape: [to - from, steps],
    });
    const [a, b] = [await compiled(device), await compiled(device)];
    const options = { epochs: 2, batchSize: 30 };
    const split = await a.fit(x, y, { ...options, validationSplit: 40 / rows });
    const validationData = { x: part(kept, rows), y: y.slice(kept) };
    const given = await b.fit(part(0, kept), y.slice(0, kept), { ...options, validationData });
    assertEqual(given.history, split.history, "history");
    a.dispose();
    b.dispose();
  });

  gpuTest(
    "weights of the validation rows count in the validation loss alone, as in evaluate",
    async (device) => {
      const model = await compiled(device);
      const weights = Float32Array.from(y, (_, i) => (i % 3) / 2);
      const options = { epochs: 1, batchSize: 64 };
      const listed = await model.fit(x, y, { ...options, validationData: [x, y, weights] });
      const expected = await model.evaluate(x, y, { batchSize: 64, sampleWeight: weights });
      assertEqual(
        [listed.history.val_loss[0], listed.history.val_acc[0]],
        [expected.loss, expected.acc],
        "validation",
      );
      const [plain, named] = [await compiled(device), await compiled(device)];
      const without = await plain.fit(x, y, { ...options, validationData: { x, y } });
      const given = await named.fit(x, y, { ...options, validationData: { x, y, sampleWeight: weights } });
      assertEqual(given.history, listed.history, "named and listed");
      assertEqual(given.history.loss, without.history.loss, "training loss");
      assertTrue(given.history.val_loss[0] !== without.history.val_loss[0], "expected the weights to count");
      for (const each of [model, plain, named]) each.dispose();
    },
  );
});

describe("callbacks in fit", () => {
  gpuTest("hooks come in order, with the epoch's figures", async (device) => {
    const model = await compiled(device);
    const calls: string[] = [];
    const note: Callback = {
      onTrainBegin: () => void calls.push("begin"),
      onEpochBegin: (epoch) => void calls.push(`epoch ${epoch}`),
      onEpochEnd: (epoch, logs) => void calls.push(`end ${epoch}: ${Object.keys(logs).join(" ")}`),
      onTrainEnd: () => void calls.push("done"),
    };
    const lines: string[] = [];
    const csv = csvLogger({ write: (line) => void lines.push(line) });
    await model.fit(x, y, { epochs: 2, batchSize: 64, validationSplit: 0.5, callbacks: [note, csv] });
    const figures = "loss acc val_loss val_acc";
    expect(calls).toEqual(["begin", "epoch 0", `end 0: ${figures}`, "epoch 1", `end 1: ${figures}`, "done"]);
    expect(lines[0]).toBe("epoch,acc,loss,val_acc,val_loss");
    expect(lines.length).toBe(3);
    model.dispose();
  });

  gpuTest("onBatchEnd hears of the last batch, with the epoch's means", async (device) => {
    const model = await compiled(device);
    const heard: { batch: number; loss: number }[] = [];
    const callbacks = [
      { onBatchEnd: (batch: number, { loss }: Record<string, number>) => void heard.push({ batch, loss }) },
    ];
    const { history } = await model.fit(x, y, { batchSize: 64, callbacks });
    expect(heard.at(-1)).toEqual({ batch: 2, loss: history.loss[0] });
    model.dispose();
  });

  gpuTest("early stopping goes back to the best weights", async (device) => {
    const model = await compiled(device, adam({ learningRate: 0.01 }));
    const kept: NamedWeight[][] = [];
    const callbacks: Callback[] = [
      // From epoch 2 on the rate ruins the model.
      learningRateScheduler((epoch) => (epoch < 2 ? 0.005 : 5)),
      modelCheckpoint({ save: ({ weights }) => void kept.push(weights) }),
      earlyStopping({ patience: 2, restoreBestWeights: true }),
    ];
    const { epoch, history } = await model.fit(x, y, { epochs: 9, validationSplit: 0.25, callbacks });
    const best = history.val_loss.indexOf(Math.min(...history.val_loss));
    expect(best).toBeLessThan(epoch.length - 2);
    expect(epoch.length).toBeLessThan(9);
    expect(history.learning_rate.slice(0, 3)).toEqual([0.005, 0.005, 5]);
    assertEqual(await model.getWeights(), kept[best], "weights");
    model.dispose();
  });

  gpuTest("a schedule's rate is the one that is used", async (device) => {
    const [still, moved] = [await compiled(device, sgd()), await compiled(device, sgd())];
    const before = await still.getWeights();
    await still.fit(x, y, { callbacks: [learningRateScheduler(() => 0)] });
    assertEqual(await still.getWeights(), before, "weights at rate 0");
    await moved.fit(x, y, { callbacks: [learningRateScheduler(() => 0.1)] });
    expect((await moved.getWeights())[1].data).not.toEqual(before[1].data);
    still.dispose();
    moved.dispose();
  });

  gpuTest("the rate is reduced on a plateau", async (device) => {
    const model = await compiled(device, sgd({ learningRate: 0.01 }));
    // Nothing improves by a whole unit.
    const callbacks = [reduceLROnPlateau({ monitor: "loss", factor: 0.5, patience: 1, minDelta: 1 })];
    const { history } = await model.fit(x, y, { epochs: 4, batchSize: 64, callbacks });
    expect(history.learning_rate).toEqual([0.01, 0.01, 0.005, 0.0025]);
    model.dispose();
  });

  gpuTest("training ends when the loss is no number, and says so in the history", async (device) => {
    const model = sequential([embedding(20, 4), simpleRNN(5, { activation: "linear" }), dense(1)]);
    await model.compile({ optimizer: sgd({ learningRate: 1e30 }), loss: "mse", device, seed: 2 });
    const { epoch, history } = await model.fit(x, y, { epochs: 9, callbacks: [terminateOnNaN()] });
    expect(epoch.length).toBeLessThan(9);
    expect(Number.isFinite(history.loss.at(-1))).toBe(false);
    model.dispose();
  });

  gpuTest("stopTraining ends after the running batch", async (device) => {
    const model = await compiled(device);
    const before = await model.getWeights();
    let stop = (): void => undefined;
    const stopper: Callback = {
      setModel: (trained) => (stop = () => void (trained.stopTraining = true)),
      onEpochBegin: () => stop(),
    };
    const { epoch } = await model.fit(x, y, { epochs: 3, batchSize: 1, callbacks: [stopper] });
    expect(epoch).toEqual([0]);
    assertEqual(await model.getWeights(), before, "weights");
    model.dispose();
  });

  gpuTest("an error in a callback comes out of fit; the model works afterwards", async (device) => {
    const model = await compiled(device);
    const broken: Callback = {
      onEpochEnd: () => {
        throw new RangeError("mine");
      },
    };
    await expect(model.fit(x, y, { callbacks: [broken] })).rejects.toThrow(RangeError);
    expect((await model.fit(x, y)).epoch).toEqual([0]);
    model.dispose();
  });
});

describe("abort signals", () => {
  const aborted = { name: "AbortError" };

  gpuTest("one given up before the start: nothing happens", async (device) => {
    const model = await compiled(device);
    const before = await model.getWeights();
    await expect(model.fit(x, y, { signal: AbortSignal.abort() })).rejects.toMatchObject(aborted);
    assertEqual(await model.getWeights(), before, "weights");
    model.dispose();
  });

  gpuTest("one given up in the middle: fit rejects, the model works afterwards", async (device) => {
    const model = await compiled(device);
    const controller = new AbortController();
    const epochs: number[] = [];
    const callbacks: Callback[] = [
      {
        onEpochBegin: (epoch) => {
          epochs.push(epoch);
          if (epoch === 1) setTimeout(() => controller.abort(), 1);
        },
      },
    ];
    const options = { epochs: 1000, batchSize: 8, callbacks, signal: controller.signal };
    await expect(model.fit(x, y, options)).rejects.toMatchObject(aborted);
    expect(epochs.length).toBeLessThan(50);
    const { history } = await model.fit(x, y);
    expect(Number.isFinite(history.loss[0])).toBe(true);
    await expect(model.evaluate(x, y, { signal: controller.signal })).rejects.toMatchObject(aborted);
    await expect(model.predict(x, { signal: controller.signal })).rejects.toMatchObject(aborted);
    model.dispose();
  });
});

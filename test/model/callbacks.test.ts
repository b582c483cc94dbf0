import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  CallbackList,
  csvLogger,
  earlyStopping,
  lambdaCallback,
  learningRateScheduler,
  modelCheckpoint,
  reduceLROnPlateau,
  terminateOnNaN,
} from "../../src/model/callbacks";
import type { Callback, Logs } from "../../src/model/callbacks";
import { InvalidInputError } from "../../src/runtime/errors";
import { assertClose, assertThrows } from "../support/assert";
import { FakeModel, train } from "./fake-training";

const valLosses = (...values: number[]): Logs[] => values.map((value) => ({ loss: 1, val_loss: value }));

const log = vi.spyOn(console, "log");
const warn = vi.spyOn(console, "warn");
afterAll(() => vi.restoreAllMocks());

beforeEach(() => {
  log.mockImplementation(() => undefined);
  warn.mockImplementation(() => undefined);
});

afterEach(() => {
  log.mockReset();
  warn.mockReset();
});

describe("the list and the history", () => {
  test("hooks run in order, awaited; the history sees what callbacks add", async () => {
    const calls: string[] = [];
    const slow = lambdaCallback({
      async onEpochEnd(epoch, logs) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        calls.push(`slow ${String(epoch)}`);
        logs.extra = epoch * 2;
      },
    });
    const quick = lambdaCallback({
      onTrainBegin: () => void calls.push("begin"),
      onEpochEnd: (epoch, logs) => void calls.push(`quick ${String(epoch)} ${String(logs.extra)}`),
      onTrainEnd: () => void calls.push("end"),
    });
    const { result } = await train(new FakeModel(), [slow, quick], valLosses(3, 2));
    expect(calls).toEqual(["begin", "slow 0", "quick 0 0", "slow 1", "quick 1 2", "end"]);
    expect(result).toEqual({ epoch: [0, 1], history: { loss: [1, 1], val_loss: [3, 2], extra: [0, 2] } });
  });

  test("only a callback with onBatchEnd asks for figures of batches", () => {
    expect(new CallbackList([earlyStopping(), modelCheckpoint({ save: () => undefined })]).needsBatches).toBe(
      false,
    );
    expect(new CallbackList([terminateOnNaN()]).needsBatches).toBe(true);
  });

  test("lambdaCallback refuses a misspelt hook", async () => {
    const hooks = { onEpochend: () => undefined } as Callback;
    await assertThrows(
      () => lambdaCallback(hooks),
      InvalidInputError,
      /got "onEpochend"; remove it or correct its name/,
    );
  });
});

describe("earlyStopping", () => {
  const epochsRun = async (options: Parameters<typeof earlyStopping>[0], logs: Logs[]): Promise<number> =>
    (await train(new FakeModel(), [earlyStopping(options)], logs)).result.epoch.length;

  test("without patience the first epoch that is no better is the last", async () => {
    expect(await epochsRun({}, valLosses(5, 4, 4, 1))).toBe(3);
  });

  test("patience counts epochs since the best", async () => {
    expect(await epochsRun({ patience: 2 }, valLosses(5, 6, 4, 5, 4, 1))).toBe(5);
  });

  test("minDelta: a smaller change is no improvement, whatever its sign", async () => {
    expect(await epochsRun({ minDelta: 1 }, valLosses(5, 4, 2))).toBe(2);
    expect(await epochsRun({ minDelta: -1 }, valLosses(5, 3.9, 2.5, 2))).toBe(4);
  });

  test("a figure that is better large, by name or by mode", async () => {
    const accuracies = [0.5, 0.6, 0.6, 0.9].map((val_acc) => ({ val_acc, score: val_acc }));
    expect(await epochsRun({ monitor: "val_acc" }, accuracies)).toBe(3);
    expect(await epochsRun({ monitor: "score", mode: "max" }, accuracies)).toBe(3);
    expect(await epochsRun({ monitor: "val_acc", minDelta: 0.2 }, accuracies)).toBe(2);
  });

  test("baseline: patience goes on running until it is beaten", async () => {
    expect(await epochsRun({ patience: 3, baseline: 1 }, valLosses(9, 8, 7, 6, 6, 5))).toBe(5);
    expect(await epochsRun({ patience: 2, baseline: 8.5 }, valLosses(9, 8, 7, 6, 5))).toBe(5);
  });

  test("startFromEpoch does not look at earlier epochs", async () => {
    expect(await epochsRun({ startFromEpoch: 2 }, valLosses(1, 2, 5, 4, 4, 1))).toBe(5);
  });

  test("NaN is no improvement", async () => {
    expect(await epochsRun({ patience: 1 }, valLosses(5, NaN, 4))).toBe(2);
  });

  test("restores the best weights at the end, stopped early or not", async () => {
    const model = new FakeModel();
    await train(model, [earlyStopping({ patience: 2, restoreBestWeights: true })], valLosses(5, 3, 4, 4, 1));
    expect(model.trainedEpochs).toBe(2);
    const other = new FakeModel();
    await train(other, [earlyStopping({ patience: 9, restoreBestWeights: true })], valLosses(5, 3, 4));
    expect(other.trainedEpochs).toBe(2);
  });

  test("without restoring, the last weights stay", async () => {
    const model = new FakeModel();
    await train(model, [earlyStopping({ patience: 2 })], valLosses(5, 3, 4, 4));
    expect(model.trainedEpochs).toBe(4);
  });

  test("a second training starts afresh", async () => {
    const stop = earlyStopping();
    expect((await train(new FakeModel(), [stop], valLosses(2, 1, 3))).result.epoch.length).toBe(3);
    expect((await train(new FakeModel(), [stop], valLosses(9, 8, 9))).result.epoch.length).toBe(3);
  });

  test("verbose says what Keras says", async () => {
    const options = { verbose: 1, restoreBestWeights: true } as const;
    await train(new FakeModel(), [earlyStopping(options)], valLosses(5, 4, 6));
    expect(log.mock.calls.flat()).toEqual([
      "Epoch 3: early stopping",
      "Restoring model weights from the end of the best epoch: 2.",
    ]);
  });

  test("a missing figure is warned of; an unknown direction is refused", async () => {
    expect(await epochsRun({}, [{ loss: 1 }, { loss: 2 }])).toBe(2);
    expect(warn.mock.calls.flat()[0]).toMatch(
      /earlyStopping: expected "val_loss" among the figures, got loss;/,
    );
    await assertThrows(
      () => earlyStopping({ monitor: "score" }),
      InvalidInputError,
      /"score"; pass mode "min" or "max"/,
    );
    const mode = "up" as "max";
    await assertThrows(() => earlyStopping({ mode }), InvalidInputError, /expected mode .*got "up"/);
  });
});

describe("modelCheckpoint", () => {
  async function saved(
    options: Omit<Parameters<typeof modelCheckpoint>[0], "save">,
    logs: Logs[],
    batches = 1,
  ): Promise<[number, number | undefined, number][]> {
    const list: [number, number | undefined, number][] = [];
    const checkpoint = modelCheckpoint({
      ...options,
      save: ({ epoch, batch, weights }) => void list.push([epoch, batch, weights[0].data[0]]),
    });
    await train(new FakeModel(), [checkpoint], logs, batches);
    return list;
  }

  test("saves every epoch", async () => {
    expect(await saved({}, valLosses(1, 2))).toEqual([
      [0, undefined, 1],
      [1, undefined, 2],
    ]);
  });

  test("saves only what is better than ever", async () => {
    const epochs = (await saved({ saveBestOnly: true }, valLosses(3, 4, 2, 2, 1))).map(([epoch]) => epoch);
    expect(epochs).toEqual([0, 2, 4]);
    const options = { saveBestOnly: true, initialValueThreshold: 2.5, verbose: 1 } as const;
    expect((await saved(options, valLosses(3, 2))).map(([epoch]) => epoch)).toEqual([1]);
    expect(log.mock.calls.flat()).toEqual([
      "\nEpoch 1: val_loss did not improve from 2.50000",
      "\nEpoch 2: val_loss improved from 2.50000 to 2.00000, saving model",
    ]);
  });

  test("saves when the figure is missing, with a warning", async () => {
    expect((await saved({ saveBestOnly: true }, [{ loss: 1 }, { loss: 2 }])).length).toBe(2);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  test("every so many batches, across epochs", async () => {
    const batches = (await saved({ saveFreq: 3 }, valLosses(1, 1, 1), 4)).map(([epoch, batch]) => [
      epoch,
      batch,
    ]);
    expect(batches).toEqual([
      [0, 2],
      [1, 1],
      [2, 0],
      [2, 3],
    ]);
  });

  test("refuses a frequency that is none", async () => {
    const save = (): void => undefined;
    await assertThrows(
      () => modelCheckpoint({ save, saveFreq: 0 }),
      InvalidInputError,
      /number of batches, got 0/,
    );
  });
});

describe("learning rates", () => {
  test("learningRateScheduler sets it by epoch and logs it", async () => {
    const model = new FakeModel();
    const scheduler = learningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate / 2), { verbose: 1 });
    const { result } = await train(model, [scheduler], valLosses(1, 1, 1));
    expect(result.history.learning_rate).toEqual([0.1, 0.05, 0.025]);
    expect(log.mock.calls.flat()[1]).toBe("\nEpoch 2: LearningRateScheduler setting learning rate to 0.05.");
  });

  test("learningRateScheduler refuses what is no number", async () => {
    const training = (): Promise<unknown> =>
      train(new FakeModel(), [learningRateScheduler(() => NaN)], valLosses(1));
    await assertThrows(training, InvalidInputError, /a finite learning rate, got NaN/);
  });

  const rates = async (options: Parameters<typeof reduceLROnPlateau>[0], logs: Logs[]): Promise<number[]> =>
    (await train(new FakeModel(), [reduceLROnPlateau(options)], logs)).result.history.learning_rate;

  test("reduceLROnPlateau waits for its patience, then again", async () => {
    const logged = await rates({ patience: 2, factor: 0.5 }, valLosses(5, 5, 5, 5, 5, 4, 4));
    assertClose(logged, [0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025], 1e-12, "rates at the ends of epochs");
  });

  test("reduceLROnPlateau: cooldown, minDelta, minLr", async () => {
    const logged = await rates(
      { patience: 1, factor: 0.1, cooldown: 2, minLr: 0.004 },
      valLosses(5, 5, 5, 5, 5, 5),
    );
    assertClose(logged, [0.1, 0.1, 0.01, 0.01, 0.004, 0.004], 1e-12, "cooldown and the lowest rate");
    const changes = await rates({ patience: 1, factor: 0.5, minDelta: 0.5 }, valLosses(5, 4.6, 4.4, 4));
    assertClose(changes, [0.1, 0.1, 0.05, 0.05], 1e-12, "minDelta");
  });

  test("reduceLROnPlateau: accuracy is better large; a factor of 1 is refused", async () => {
    const logs = [0.5, 0.6, 0.7].map((val_acc) => ({ val_acc }));
    assertClose(await rates({ monitor: "val_acc", patience: 1 }, logs), [0.1, 0.1, 0.1], 1e-12, "rising");
    await assertThrows(
      () => reduceLROnPlateau({ factor: 1 }),
      InvalidInputError,
      /factor as a number below 1, got 1/,
    );
  });
});

describe("csvLogger and terminateOnNaN", () => {
  test("csvLogger: sorted names, one header, NA for what is missing", async () => {
    const lines: string[] = [];
    const logger = csvLogger({ write: (line) => void lines.push(line) });
    await train(new FakeModel(), [logger], [{ loss: 0.5, acc: 0.75 }, { loss: 0.25 }]);
    expect(lines).toEqual(["epoch,acc,loss", "0,0.75,0.5", "1,NA,0.25"]);
    const more = csvLogger({ write: (line) => void lines.push(line), append: true, separator: ";" });
    await train(new FakeModel(), [more], [{ loss: 1, acc: 0 }]);
    expect(lines.slice(3)).toEqual(["0;0;1"]);
  });

  test("terminateOnNaN stops at the first bad batch", async () => {
    for (const loss of [NaN, Infinity]) {
      const { result } = await train(
        new FakeModel(),
        [terminateOnNaN()],
        [{ loss: 1 }, { loss }, { loss: 1 }],
        3,
      );
      expect(result.epoch).toEqual([0, 1]);
    }
    expect(warn.mock.calls.flat()).toEqual([
      "Batch 0: Invalid loss (NaN), terminating training",
      "Batch 0: Invalid loss (Infinity), terminating training",
    ]);
  });
});

import { describe, expect, test } from "vitest";
import {
  DeviceLostError,
  dense,
  embedding,
  sequential,
  simpleRNN,
  type Callback,
  type CompileOptions,
  type Device,
  type Sequential,
} from "../../src/index";
import { loadModel, saveModel } from "../../src/io/index";
import { getTestDevice } from "../support/adapter";
import { loseDevices } from "./device-loss";
import { findTheSeven } from "./training";

const { x, y } = findTheSeven(1);
const options = { batchSize: 16 };
/** 192 rows in batches of 16. */
const stepsAnEpoch = 12;

/** Devices of one test, which may lose any of them. */
class Devices {
  readonly all: Device[] = [];

  request = async (): Promise<Device> => {
    const device = await getTestDevice();
    if (!device) throw new Error("expected another device where there was one");
    this.all.push(device);
    return device;
  };

  loseLast(): void {
    this.all.at(-1)?.destroy();
  }
}

function lossTest(name: string, run: (devices: Devices) => Promise<void>): void {
  test(name, async ({ skip }) => {
    const probe = await getTestDevice();
    if (!probe) return skip("no WebGPU adapter");
    probe.destroy();
    const devices = new Devices();
    try {
      await run(devices);
    } finally {
      devices.all.forEach((device) => device.destroy());
    }
  });
}

async function compiled(device: CompileOptions["device"], stateful = false): Promise<Sequential> {
  const layers = [embedding(20, 4), simpleRNN(5, { stateful }), dense(1, { activation: "sigmoid" })];
  const model = sequential(layers);
  await model.compile({ loss: "binaryCrossentropy", metrics: ["acc"], device, seed: 3, scan: "wide" });
  return model;
}

/** Loses the device at the end of the second epoch. */
const inSecondEpoch = (devices: Devices): Callback => ({
  onEpochEnd: (epoch) => {
    if (epoch === 1 && devices.all.length === 1) devices.loseLast();
  },
});

describe("a lost device", () => {
  lossTest("calls go on on another one and end with an undisturbed call's bits", async ({ request }) => {
    const { lost, resumed } = await loseDevices(request, 8);
    expect(lost.fit + lost.evaluate + lost.predict).toBeGreaterThanOrEqual(8);
    expect(resumed).toBeGreaterThan(0);
  });

  lossTest(
    "a device of one's own: the weights of the last copy are there, and can be saved",
    async (devices) => {
      const model = await compiled(await devices.request());
      const training = model.fit(x, y, { ...options, epochs: 4, callbacks: [inSecondEpoch(devices)] });
      const message =
        "fit: expected a working GPU device, got a lost one (the device was destroyed); the model has its weights " +
        `after ${stepsAnEpoch} of ${2 * stepsAnEpoch} steps; compile again with a new device`;
      await expect(training).rejects.toThrow(DeviceLostError);
      await expect(training).rejects.toThrow(message);
      const device = await devices.request();
      const expected = await compiled(device);
      await expected.fit(x, y, options);
      expect(await model.getWeights()).toEqual(await expected.getWeights());
      expect(await model.getOptimizerState()).toEqual(await expected.getOptimizerState());
      const saved = await loadModel(await saveModel(model, "safetensors"));
      expect(await saved.getWeights()).toEqual(await expected.getWeights());
      await expect(model.predict(x)).rejects.toThrow(DeviceLostError);

      const state = await model.getOptimizerState();
      await model.compile({ loss: "binaryCrossentropy", metrics: ["acc"], device, scan: "wide" });
      await model.setOptimizerState(state);
      const options2 = { ...options, shuffle: false };
      expect((await model.fit(x, y, options2)).history).toEqual((await expected.fit(x, y, options2)).history);
      [model, saved, expected].forEach((one) => one.dispose());
    },
  );

  lossTest("to its callbacks the training looks like one that is resumed", async (devices) => {
    const model = await compiled(devices.request);
    const seen: string[] = [];
    const { history } = await model.fit(x, y, {
      ...options,
      epochs: 3,
      callbacks: [
        inSecondEpoch(devices),
        {
          onTrainBegin: () => void seen.push("train"),
          onEpochBegin: (epoch) => void seen.push(`begin ${epoch}`),
          onEpochEnd: (epoch) => void seen.push(`end ${epoch}`),
        },
      ],
    });
    expect(history.loss).toHaveLength(3);
    expect(seen.join(", ")).toBe(
      "train, begin 0, end 0, begin 1, end 1, train, begin 1, end 1, begin 2, end 2",
    );
    model.dispose();
  });

  lossTest("between two calls: the second goes on from the first's end", async (devices) => {
    const [model, expected] = [await compiled(devices.request), await compiled(devices.request)];
    for (let call = 0; call < 3; call++) {
      const figures = await model.trainOnBatch(x, y);
      expect(figures).toEqual(await expected.trainOnBatch(x, y));
      const [fitted, undisturbed] = [await model.fit(x, y, options), await expected.fit(x, y, options)];
      expect(fitted).toEqual(undisturbed);
      devices.all.at(call === 0 ? 0 : -1)?.destroy();
      expect(await model.getWeights()).toEqual(await expected.getWeights());
    }
    [model, expected].forEach((one) => one.dispose());
  });

  lossTest("while weights and optimizer are read back: both come from the last copy", async (devices) => {
    const model = await compiled(devices.request);
    await model.fit(x, y, options);
    const [weights, state] = [await model.getWeights(), await model.getOptimizerState()];
    const read = [model.getOptimizerState(), model.getWeights(), model.getOptimizerSlots()];
    devices.loseLast();
    expect(await Promise.all(read)).toEqual([state, weights, state.slots]);
    model.dispose();
  });

  lossTest("devices that are lost at once are not requested for ever", async (devices) => {
    let broken = false;
    const model = await compiled(async () => {
      const device = await devices.request();
      if (broken) device.destroy();
      return device;
    });
    const before = await model.getWeights();
    broken = true;
    devices.loseLast();
    await expect(model.evaluate(x, y)).rejects.toThrow(DeviceLostError);
    expect(devices.all.length).toBeLessThan(10);
    expect(await model.getWeights()).toEqual(before);
    broken = false;
    expect(await model.evaluate(x, y)).toHaveProperty("loss");
    model.dispose();
  });

  lossTest("what a stateful layer carries is lost with it, so the call rejects", async (devices) => {
    const model = await compiled(devices.request, true);
    const evaluation = model.evaluate(x, y);
    devices.loseLast();
    await expect(evaluation).rejects.toThrow(/call again, which requests a new device/);
    expect(await model.evaluate(x, y)).toHaveProperty("loss");
    model.dispose();
  });
});

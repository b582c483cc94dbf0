import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import {
  DeviceLostError,
  StateError,
  dense,
  embedding,
  sequential,
  simpleRNN,
  type Device,
  type Sequential,
} from "../../src/index";
import { withValidation } from "../runtime/validation";
import { getTestDevice } from "../support/adapter";
import { findTheSeven } from "./training";

const devices: Device[] = [];
beforeAll(async () => {
  for (let i = 0; i < 2; i++) {
    const device = await getTestDevice();
    if (device) devices.push(device);
  }
});
afterAll(() => devices.forEach((device) => device.destroy()));

const { x, y } = findTheSeven(1);
const options = { epochs: 2, batchSize: 16, validationSplit: 0.25 };

/** A test on two devices, which fails on any error of either. */
function devicesTest(name: string, run: (first: Device, second: Device) => Promise<void>): void {
  test(name, async ({ skip }: TestContext) => {
    const [first, second] = devices;
    if (!second) return skip("no WebGPU adapter");
    await withValidation(first, () => withValidation(second, () => run(first, second)));
  });
}

async function compiled(device: Device, units = 5): Promise<Sequential> {
  const model = sequential([embedding(20, 4), simpleRNN(units), dense(1, { activation: "sigmoid" })]);
  await model.compile({ loss: "binaryCrossentropy", metrics: ["acc"], device, seed: 3, scan: "narrow" });
  return model;
}

/** What a model comes to when nothing else runs. */
async function alone(device: Device, units?: number): Promise<unknown> {
  const model = await compiled(device, units);
  try {
    return [await model.fit(x, y, options), await model.getWeights()];
  } finally {
    model.dispose();
  }
}

describe("models side by side", () => {
  devicesTest("two on one device, trained at once, end as each alone", async (device) => {
    const expected = [await alone(device), await alone(device, 7)];
    const models = [await compiled(device), await compiled(device, 7)];
    const histories = await Promise.all(models.map((model) => model.fit(x, y, options)));
    const weights = await Promise.all(models.map((model) => model.getWeights()));
    expect(histories.map((history, i) => [history, weights[i]])).toEqual(expected);
    models.forEach((model) => model.dispose());
  });

  devicesTest("on two devices, trained at once, end as each alone", async (first, second) => {
    const expected = await alone(first);
    const models = await Promise.all([compiled(first), compiled(second)]);
    const histories = await Promise.all(models.map((model) => model.fit(x, y, options)));
    for (const [i, model] of models.entries()) {
      expect([histories[i], await model.getWeights()]).toEqual(expected);
      model.dispose();
    }
  });

  devicesTest("one disposed while another on its device trains: the other ends as alone", async (device) => {
    const expected = await alone(device);
    const [kept, freed] = [await compiled(device), await compiled(device, 7)];
    const training = kept.fit(x, y, options);
    const broken = freed.fit(x, y, { ...options, epochs: 100 });
    freed.dispose();
    await expect(broken).rejects.toThrow(StateError);
    expect([await training, await kept.getWeights()]).toEqual(expected);
    kept.dispose();
  });

  devicesTest("one on a device that is destroyed leaves the other device's alone", async (_, second) => {
    const expected = await alone(second);
    const third = await getTestDevice();
    if (!third) throw new Error("expected a third device where there were two");
    const [kept, lost] = [await compiled(second), await compiled(third)];
    const training = kept.fit(x, y, options);
    const broken = lost.fit(x, y, { ...options, epochs: 100 });
    third.destroy();
    await expect(broken).rejects.toThrow(DeviceLostError);
    expect([await training, await kept.getWeights()]).toEqual(expected);
    kept.dispose();
    lost.dispose();
  });
});

describe("one model from several promises", () => {
  const second: [name: string, call: (model: Sequential) => Promise<unknown>][] = [
    ["fit", (model) => model.fit(x, y)],
    ["evaluate", (model) => model.evaluate(x, y)],
    ["predict", (model) => model.predict(x)],
    ["trainOnBatch", (model) => model.trainOnBatch(x, y)],
    ["compile", (model) => model.compile({ loss: "binaryCrossentropy" })],
  ];

  devicesTest("a second call is refused by name, and the first ends as alone", async (device) => {
    const expected = await alone(device);
    const model = await compiled(device);
    const training = model.fit(x, y, options);
    for (const [name, call] of second) {
      await expect(call(model)).rejects.toThrow(StateError);
      await expect(call(model)).rejects.toThrow(
        `${name}: expected an idle model, got one in the middle of fit`,
      );
    }
    expect([await training, await model.getWeights()]).toEqual(expected);
    expect(await model.evaluate(x, y)).toHaveProperty("loss");
    model.dispose();
  });
});

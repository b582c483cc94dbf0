import { afterEach, describe, expect, vi } from "vitest";
import { dense, embedding, sequential, sgd, simpleRNN, terminateOnNaN, type Device } from "../../src/index";
import type { Layer, OptimizerOptions, Sequential } from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { findTheSeven } from "./training";

const gpuTest = useDevice();
const { x, y } = findTheSeven(1);
const batchSize = 16;
afterEach(() => vi.restoreAllMocks());

const layers = (activation: "relu" | "tanh"): Layer[] => [
  embedding(20, 5),
  simpleRNN(7, { activation }),
  dense(1),
];

async function made(
  device: Device,
  activation: "relu" | "tanh",
  options: OptimizerOptions,
): Promise<Sequential> {
  const model = sequential(layers(activation));
  const optimizer = sgd(options);
  await model.compile({ optimizer, loss: "mse", device, seed: 4, scan: "narrow" });
  return model;
}

/** Number, from 1, of the first step whose loss is no finite number. */
async function firstLost(model: Sequential): Promise<number> {
  for (let step = 1; ; step++) {
    const from = (((step - 1) * batchSize) % y.length) * x.shape[1];
    const data = x.data.slice(from, from + batchSize * x.shape[1]);
    const labels = y.slice(from / x.shape[1], from / x.shape[1] + batchSize);
    const { loss } = await model.trainOnBatch({ data, shape: [batchSize, x.shape[1]] }, labels);
    if (!Number.isFinite(loss)) return step;
  }
}

describe("a loss that is no finite number", () => {
  gpuTest("is told of once, with its step, the gradient, the weights lost and the cause", async (device) => {
    const told = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const options = { learningRate: 30 };
    const twin = await made(device, "relu", options);
    const step = await firstLost(twin);
    const steps = y.length / batchSize;
    const model = await made(device, "relu", options);
    await model.fit(x, y, { epochs: 6, batchSize, shuffle: false });
    expect(told).toHaveBeenCalledOnce();
    const [message] = told.mock.calls[0] as [string];
    const at = `epoch ${Math.ceil(step / steps)}, step ${((step - 1) % steps) + 1}`;
    expect(message).toMatch(/^fit: expected a finite loss, got (NaN|Infinity) at epoch/);
    expect(message).toContain(at);
    expect(message).toMatch(
      /largest gradient now: (NaN|Infinity|\S+) in \S+\/\S+; \d+ of 199 weights are not finite/,
    );
    expect(message).toContain(
      "the states of simple_rnn grow without bound: give the optimizer globalClipnorm: 1",
    );
    expect(message).toContain("learningRate below 30");
    twin.dispose();
    model.dispose();
  });

  gpuTest("of bounded states and a clipped gradient has another cause and remedy", async (device) => {
    const told = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const model = await made(device, "tanh", { learningRate: 1e30, clipvalue: 1e9 });
    await model.fit(x, y, { epochs: 3, batchSize });
    const [message] = told.mock.calls[0] as [string];
    expect(message).toContain(
      "probably the gradients exploded: give the optimizer learningRate below 1e+30;",
    );
    model.dispose();
  });

  gpuTest("of a label out of all bounds blames the labels, and the weights are not lost", async (device) => {
    const told = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const model = await made(device, "tanh", { learningRate: 0 });
    const labels = y.map((label, row) => (row === 40 ? 3e38 : label));
    await model.fit(x, labels, { batchSize, shuffle: false });
    const [message] = told.mock.calls[0] as [string];
    expect(message).toMatch(
      /got Infinity at epoch 1, step 3 .*; 0 of 199 weights are not finite\); probably a label/,
    );
    model.dispose();
  });

  gpuTest("stops the training where terminateOnNaN is asked for", async (device) => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const model = await made(device, "relu", { learningRate: 30 });
    const { epoch } = await model.fit(x, y, { epochs: 500, batchSize, callbacks: [terminateOnNaN()] });
    expect(epoch.length).toBeLessThan(500);
    model.dispose();
  });

  gpuTest("that stays finite is not spoken of", async (device) => {
    const told = vi.spyOn(console, "warn");
    const model = await made(device, "tanh", { learningRate: 0.01 });
    await model.fit(x, y, { epochs: 3, batchSize });
    expect(told).not.toHaveBeenCalled();
    model.dispose();
  });
});

import { describe, expect } from "vitest";
import { adam, lstm, rmsprop, sequential, type Device, type Layer, type Sequential } from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { useDevice } from "../runtime/use-device";
import { assertClose } from "../support/assert";
import { withSmallBindings } from "../support/limits";
import { randomIntegers, randomTokens } from "../support/random";
import { last, longNets, vocabulary, words, type LongNet } from "./long-nets";
import { small } from "./piecewise";

const gpuTest = useDevice();

const rows = 4;
const batch = rows / 2;

/** What a model says; its losses and gradients; then what it learns. */
interface Results {
  readonly said: Record<string, Float32Array>;
  readonly derived: Record<string, Float32Array>;
  readonly learned: Record<string, Float32Array>;
}

const byName = (values: readonly { name: string; data: Float32Array }[]): Record<string, Float32Array> =>
  Object.fromEntries(values.map(({ name, data }) => [name, data]));

async function results(device: Device, net: LongNet, scan: ScanShape): Promise<Results> {
  const { steps, padding, classes, outputs = steps, learningRate = 0.01 } = net;
  const model = sequential(net.layers());
  const loss = classes ? "sparseCategoricalCrossentropy" : "binaryCrossentropy";
  const optimizer = classes ? rmsprop({ learningRate }) : adam({ learningRate, globalClipnorm: 0.5 });
  await model.compile({ optimizer, loss, metrics: ["acc"], device, seed: 3, scan });
  try {
    const x = { data: randomTokens({ batch: rows, steps, vocabulary }, 21, padding), shape: [rows, steps] };
    const y = randomIntegers(rows * (classes ? outputs : 1), 22, 0, classes ?? 2);
    const first = { data: x.data.slice(0, batch * steps), shape: [batch, steps] };
    const { data, states = [] } = await model.predict(x, { batchSize: batch });
    const figures = await model.evaluate(x, y, { batchSize: batch });
    const step = await model.trainOnBatch(first, y.slice(0, y.length / 2));
    const gradients = byName(await model.getGradients());
    const { history } = await model.fit(x, y, { epochs: 2, batchSize: 2, validationSplit: 0.25 });
    return {
      said: { outputs: data, ...byName(states) },
      derived: {
        figures: Float32Array.from([...Object.values(figures), ...Object.values(step)]),
        ...gradients,
      },
      learned: {
        history: Float32Array.from(Object.values(history).flat()),
        ...byName(await model.getWeights()),
      },
    };
  } finally {
    model.dispose();
  }
}

for (const scan of ["narrow", "wide"] as const) {
  describe(`a sample that is taken in windows of time gives what the whole one gives, ${scan}`, () => {
    for (const [name, net] of Object.entries(longNets)) {
      gpuTest(name, async (device) => {
        const { absolute = 6e-8, relative = 2e-6 } = net;
        const expected = await results(device, net, scan);
        const actual = await withSmallBindings(device, small, () => results(device, net, scan));
        expect(actual.said).toEqual(expected.said);
        // Sums of terms of magnitude one half, many of which cancel out.
        for (const [key, values] of Object.entries(expected.derived)) {
          assertClose(actual.derived[key], values, { absolute, relative }, key);
        }
        // Both optimizers divide by the gradient's size, and so make its rounding larger where it is small.
        for (const [key, values] of Object.entries(expected.learned)) {
          assertClose(actual.learned[key], values, { absolute: 3e-5, relative: 1e-4 }, key);
        }
      });
    }
  });
}

async function compiled(device: Device, layers: Layer[]): Promise<Sequential> {
  const model = sequential(layers);
  await model.compile({ optimizer: "adam", loss: "binaryCrossentropy", device, seed: 3, scan: "wide" });
  return model;
}

/** How many scans of a recurrent layer a call records: of each window one, in each program. */
async function scansOf(device: Device, call: () => Promise<unknown>): Promise<number> {
  const { gpu } = device;
  const bind = gpu.createBindGroup.bind(gpu);
  let scans = 0;
  const value: GPUDevice["createBindGroup"] = (descriptor) => {
    if (descriptor.label?.startsWith("scanForward")) scans++;
    return bind(descriptor);
  };
  Object.defineProperty(gpu, "createBindGroup", { value, configurable: true });
  try {
    await call();
    return scans;
  } finally {
    Reflect.deleteProperty(gpu, "createBindGroup");
  }
}

describe("a sample that is taken in windows of time", () => {
  gpuTest("is so only where it must be", async (device) => {
    const run = (
      steps: number,
      call: (model: Sequential, x: { data: Int32Array; shape: number[] }) => Promise<unknown>,
    ): Promise<number> =>
      withSmallBindings(device, small, async () => {
        const model = await compiled(device, [words(true), lstm(6), last]);
        const x = { data: randomTokens({ batch: 1, steps, vocabulary }, 21), shape: [1, steps] };
        const scans = await scansOf(device, () => call(model, x));
        model.dispose();
        return scans;
      });
    // Of a sample taken whole one evaluates and one trains; else there are as many again for parts of a batch.
    expect(await run(5700, (model, x) => model.predict(x))).toBe(1);
    expect(await run(12_000, (model, x) => model.predict(x))).toBe(3 * 2);
    expect(await run(2500, (model, x) => model.trainOnBatch(x, [1]))).toBe(2);
    // What a sample's training keeps is more than its states.
    expect(await run(5700, (model, x) => model.trainOnBatch(x, [1]))).toBe(3 * 4);
    expect(await run(12_000, (model, x) => model.trainOnBatch(x, [1]))).toBe(5 * 4);
  });
});

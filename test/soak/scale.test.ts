import { expect, test } from "vitest";
import {
  bidirectional,
  conv1d,
  dense,
  embedding,
  globalMaxPooling1d,
  gru,
  sequential,
  simpleRNN,
  type Layer,
} from "../../src/index";
import { getTestDevice } from "../support/adapter";
import { assertClose } from "../support/assert";
import { randomIntegers } from "../support/random";

for (const [vocabulary, width, epochs] of [
  [1_200_000, 32, 8],
  // More words than a binding holds numbers.
  [40_000_000, 1, 12],
]) {
  test(`a table of ${vocabulary} words on a device with WebGPU's minimum limits`, async ({ skip }) => {
    const device = await getTestDevice({ minimum: true });
    if (!device) return skip("no WebGPU adapter");
    const most = device.limits.maxStorageBufferBindingSize;
    const [rows, steps] = [64, 50];
    expect(most).toBeLessThan(vocabulary * width * 4);
    const model = sequential([
      embedding(vocabulary, width),
      simpleRNN(32),
      dense(1, { activation: "sigmoid" }),
    ]);
    await model.compile({
      optimizer: "rmsprop",
      loss: "binaryCrossentropy",
      metrics: ["acc"],
      device,
      seed: 0,
    });
    // Words from all over the table, one of them, from its last part, in every second row.
    const data = randomIntegers(rows * steps, 1, 1, vocabulary);
    const y = Array.from({ length: rows }, (_, row) => row % 2);
    y.forEach((label, row) => (data[row * steps + steps - 1] = label === 1 ? vocabulary - 1 : 1));
    const begin = performance.now();
    const { history } = await model.fit({ data, shape: [rows, steps] }, y, { epochs, batchSize: rows });
    const seconds = (performance.now() - begin) / 1000;
    expect(history.acc.at(-1)).toBe(1);
    console.log(
      `${device.description}, at most ${most} bytes in a binding: a table of ${vocabulary * width * 4} bytes, ` +
        `${epochs} steps in ${seconds.toFixed(1)} s, loss ${history.loss[0].toFixed(3)} to ${history.loss.at(-1)!.toFixed(3)}`,
    );
    model.dispose();
    device.destroy();
  });
}

test("an output vocabulary of 300,000 words on a device with WebGPU's minimum limits", async ({ skip }) => {
  const [words, units, rows, steps] = [300_000, 128, 2, 20];
  const bytes = words * units * 4;
  const x = { data: randomIntegers(rows * steps, 1, 1, 50), shape: [rows, steps] };
  const y = [7, words - 1];
  const run = async (minimum: boolean): Promise<Record<string, Float32Array> | undefined> => {
    const device = await getTestDevice({ minimum });
    if (!device) return undefined;
    const most = device.limits.maxStorageBufferBindingSize;
    if (minimum) expect(most).toBeLessThan(bytes);
    else if (most < bytes) return undefined;
    const model = sequential([embedding(50, 8), simpleRNN(units), dense(words, { activation: "softmax" })]);
    await model.compile({ loss: "sparseCategoricalCrossentropy", device, seed: 0 });
    const { data: output } = await model.predict(x);
    const begin = performance.now();
    const { loss } = await model.trainOnBatch(x, y);
    const seconds = (performance.now() - begin) / 1000;
    const gradients = (await model.getGradients()).map(({ name, data }) => [name, data] as const);
    const after = await model.trainOnBatch(x, y);
    console.log(
      `${device.description}, at most ${most} bytes in a binding: a kernel of ${bytes} bytes, ` +
        `a step in ${seconds.toFixed(1)} s, loss ${loss.toFixed(3)} to ${after.loss.toFixed(3)}`,
    );
    expect(after.loss).toBeLessThan(loss);
    model.dispose();
    device.destroy();
    return { output, loss: Float32Array.of(loss), ...Object.fromEntries(gradients) };
  };
  const inParts = await run(true);
  if (!inParts) return skip("no WebGPU adapter");
  expect(inParts.loss[0]).toBeCloseTo(Math.log(words), 1);
  const whole = await run(false);
  for (const [key, values] of Object.entries(whole ?? {})) {
    assertClose(inParts[key], values, { absolute: 1e-7, relative: 2e-5 }, key);
  }
});

test("a batch whose states are six bindings of a device with WebGPU's minimum limits", async ({ skip }) => {
  const device = await getTestDevice({ minimum: true });
  if (!device) return skip("no WebGPU adapter");
  const most = device.limits.maxStorageBufferBindingSize;
  const [rows, steps, units] = [65_535, 100, 32];
  expect(most).toBeLessThan((rows * steps * units * 4) / 6);
  const model = sequential([embedding(50, 4), simpleRNN(units), dense(1, { activation: "sigmoid" })]);
  await model.compile({ loss: "binaryCrossentropy", metrics: ["acc"], device, seed: 0 });
  const data = randomIntegers(rows * steps, 1, 1, 50);
  const y = Array.from({ length: rows }, (_, row) => (data[row * steps + steps - 1] < 25 ? 1 : 0));
  const begin = performance.now();
  const { loss } = await model.trainOnBatch({ data, shape: [rows, steps] }, y);
  const seconds = (performance.now() - begin) / 1000;
  expect(loss).toBeGreaterThan(0.5);
  expect(loss).toBeLessThan(1);
  console.log(`${device.description}: a step on ${rows} rows of ${steps} tokens in ${seconds.toFixed(1)} s`);
  const stop = new AbortController();
  const options = { batchSize: rows, signal: stop.signal };
  const training = model.fit({ data, shape: [rows, steps] }, y, options);
  let aborted = 0;
  setTimeout(() => {
    aborted = performance.now();
    stop.abort();
  }, 300 * seconds);
  await expect(training).rejects.toMatchObject({ name: "AbortError" });
  const rejected = (performance.now() - aborted) / 1000;
  await device.idle();
  const idle = (performance.now() - aborted) / 1000;
  console.log(
    `aborted in its middle: rejected ${rejected.toFixed(1)} s later, idle after ${idle.toFixed(1)} s`,
  );
  expect(idle).toBeLessThan(seconds / 2);
  model.dispose();
  device.destroy();
});

const sigmoid = dense(1, { activation: "sigmoid" });
const longest: Record<string, { steps: number; bytesOfStep: number; layers: () => Layer[] }> = {
  "the states of a simpleRNN(32)": {
    steps: 1_100_000,
    bytesOfStep: 32 * 4,
    layers: () => [embedding(50, 4), simpleRNN(32), sigmoid],
  },
  "the gates of a gru(24) in both directions": {
    steps: 500_000,
    bytesOfStep: 3 * 24 * 4,
    layers: () => [embedding(50, 4), bidirectional(gru(24)), sigmoid],
  },
  "the windows of a convolution, the largest of whose values count": {
    steps: 1_000_000,
    bytesOfStep: 5 * 8 * 4,
    layers: () => [embedding(50, 8), conv1d(16, 5, { activation: "relu" }), globalMaxPooling1d(), sigmoid],
  },
};

for (const [name, { steps, bytesOfStep, layers }] of Object.entries(longest)) {
  test(`a sample of which ${name} are more than a binding of a device with WebGPU's minimum limits`, async ({
    skip,
  }) => {
    const x = { data: randomIntegers(steps, 1, 1, 50), shape: [1, steps] };
    /** A prediction, and the gradients of a training step. */
    const run = async (minimum: boolean): Promise<Record<string, Float32Array> | undefined> => {
      const device = await getTestDevice({ minimum });
      if (!device) return undefined;
      const most = device.limits.maxStorageBufferBindingSize;
      const bytes = steps * bytesOfStep;
      if (minimum) expect(most).toBeLessThan(bytes);
      else if (most < bytes) return undefined;
      const model = sequential(layers());
      await model.compile({ loss: "binaryCrossentropy", device, seed: 0 });
      const begin = performance.now();
      const { data } = await model.predict(x);
      const between = performance.now();
      const { loss } = await model.trainOnBatch(x, [1]);
      const [said, learned] = [between - begin, performance.now() - between];
      console.log(
        `${device.description}, at most ${most} bytes in a binding: ${steps} steps, ${name}, ` +
          `predicted in ${(said / 1000).toFixed(1)} s, trained on in ${(learned / 1000).toFixed(1)} s`,
      );
      const gradients = (await model.getGradients()).map((weight) => [weight.name, weight.data] as const);
      model.dispose();
      device.destroy();
      return { output: data, loss: Float32Array.of(loss), ...Object.fromEntries(gradients) };
    };
    const inWindows = await run(true);
    if (!inWindows) return skip("no WebGPU adapter");
    const whole = await run(false);
    for (const [key, values] of Object.entries(whole ?? {})) {
      assertClose(inWindows[key], values, { absolute: 1e-7, relative: 2e-5 }, key);
    }
  });
}

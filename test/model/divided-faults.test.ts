import { describe, expect } from "vitest";
import { dense, dropout, embedding, lstm, sequential, type Device, type Sequential } from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { withSmallBindings } from "../support/limits";
import { findTheSeven } from "./training";

const gpuTest = useDevice();

/** Bytes: the states of a batch here are several bindings of that many. */
const small = 160 * 1024;
const steps = 2;
const { x, y } = findTheSeven(1);
const times = 10;
const rows = times * y.length;
const data = new Int32Array(times * x.data.length).map((_, i) => x.data[i % x.data.length]);
const all = { data, shape: [rows, x.shape[1]] };
const labels = Array.from({ length: rows }, (_, i) => y[i % y.length]);
const batchSize = rows / steps;
const first = { data: data.slice(0, data.length / steps), shape: [batchSize, x.shape[1]] };
const options = { batchSize, shuffle: false };

async function compiled(device: Device): Promise<Sequential> {
  const layers = [embedding(20, 4), dropout(0.2), lstm(6), dense(1, { activation: "sigmoid" })];
  const model = sequential(layers);
  await model.compile({ optimizer: "adam", loss: "binaryCrossentropy", device, seed: 3, scan: "wide" });
  return model;
}

const stateOf = async (model: Sequential): Promise<unknown> => [
  await model.getWeights(),
  await model.getOptimizerState(),
];

/** Calls `at` with the number of each batch, or part of one, that is put on the device, from 1. */
async function watchParts(
  { gpu: { queue } }: Device,
  at: (part: number) => void,
  run: () => Promise<void>,
): Promise<number> {
  const write = queue.writeBuffer.bind(queue);
  let parts = 0;
  const value: GPUQueue["writeBuffer"] = (buffer, ...others) => {
    write(buffer, ...others);
    if (buffer.label.endsWith("planSlots")) at(++parts);
  };
  Object.defineProperty(queue, "writeBuffer", { value, configurable: true });
  try {
    await run();
    return parts;
  } finally {
    Reflect.deleteProperty(queue, "writeBuffer");
  }
}

describe("an abort in the middle of a batch that is taken in parts", () => {
  gpuTest("takes effect before the next part, as if the step had never begun", async (device) => {
    await withSmallBindings(device, small, async () => {
      const fresh = await compiled(device);
      const begun = await stateOf(fresh);
      const parts = await watchParts(
        device,
        () => undefined,
        async () => {
          await fresh.trainOnBatch(first, labels.slice(0, batchSize));
        },
      );
      expect(parts).toBeGreaterThan(4);
      const afterOne = await stateOf(fresh);
      // In the first step, and in the second.
      for (const [part, state, onTop] of [
        [2, begun, await compiled(device)],
        [parts + parts - 1, afterOne, fresh],
      ] as const) {
        const model = await compiled(device);
        const stop = new AbortController();
        const abortAt = (now: number): void => {
          if (now === part) stop.abort();
        };
        const seen = await watchParts(device, abortAt, async () => {
          const training = model.fit(all, labels, { ...options, signal: stop.signal });
          await expect(training).rejects.toMatchObject({ name: "AbortError" });
        });
        expect(seen).toBe(part);
        expect(await stateOf(model)).toEqual(state);
        expect(await model.fit(all, labels, options)).toEqual(await onTop.fit(all, labels, options));
        expect(await stateOf(model)).toEqual(await stateOf(onTop));
        model.dispose();
        onTop.dispose();
      }
    });
  });

  for (const call of ["evaluate", "predict"] as const) {
    gpuTest(`${call} stops before the next part, and a second call has all`, async (device) => {
      await withSmallBindings(device, small, async () => {
        const model = await compiled(device);
        const run = (signal?: AbortSignal): Promise<unknown> =>
          call === "evaluate"
            ? model.evaluate(all, labels, { batchSize: rows, signal })
            : model.predict(all, { batchSize: rows, signal });
        const expected = await run();
        const stop = new AbortController();
        const abort = (now: number): void => {
          if (now === 2) stop.abort();
        };
        const seen = await watchParts(device, abort, async () => {
          await expect(run(stop.signal)).rejects.toMatchObject({ name: "AbortError" });
        });
        expect(seen).toBe(2);
        expect(await run()).toEqual(expected);
        model.dispose();
      });
    });
  }
});

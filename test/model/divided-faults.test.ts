import { describe, expect, test } from "vitest";
import type { Sequential } from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { getTestDevice } from "../support/adapter";
import { withSmallBindings } from "../support/limits";
import { abortAt, compiled, countPieces, small, stateOf, trainLosing } from "./piecewise";
import { findTheSeven } from "./training";
import { watchPieces } from "./watch-pieces";

const gpuTest = useDevice();

const steps = 2;
const { x, y } = findTheSeven(1);
const times = 17;
const rows = times * y.length;
const data = new Int32Array(times * x.data.length).map((_, i) => x.data[i % x.data.length]);
const all = { data, shape: [rows, x.shape[1]] };
const labels = Array.from({ length: rows }, (_, i) => y[i % y.length]);
const batchSize = rows / steps;
const first = { data: data.slice(0, data.length / steps), shape: [batchSize, x.shape[1]] };
const options = { batchSize, shuffle: false };

describe("an abort in the middle of a batch that is taken in parts", () => {
  gpuTest("takes effect before the next part, as if the step had never begun", async (device) => {
    await withSmallBindings(device, small, async () => {
      const fresh = await compiled(device);
      const begun = await stateOf(fresh);
      const parts = await countPieces(device, () => fresh.trainOnBatch(first, labels.slice(0, batchSize)));
      expect(parts).toBeGreaterThan(4);
      const afterOne = await stateOf(fresh);
      // In the first step, and in the second.
      for (const [part, state, onTop] of [
        [2, begun, await compiled(device)],
        [parts + parts - 1, afterOne, fresh],
      ] as const) {
        const model = await compiled(device);
        await abortAt(device, part, (signal) => model.fit(all, labels, { ...options, signal }));
        expect(await stateOf(model)).toEqual(state);
        expect(await model.fit(all, labels, options)).toEqual(await onTop.fit(all, labels, options));
        expect(await stateOf(model)).toEqual(await stateOf(onTop));
        model.dispose();
        onTop.dispose();
      }
    });
  });

  gpuTest("finds at most two parts on the device, while the time of one is not known", async (device) => {
    const { queue } = device.gpu;
    const really = queue.onSubmittedWorkDone.bind(queue);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const value = async (): Promise<undefined> => {
      await held;
      return really();
    };
    Object.defineProperty(queue, "onSubmittedWorkDone", { value, configurable: true });
    try {
      await withSmallBindings(device, small, async () => {
        const model = await compiled(device);
        let seen = 0;
        const count = (part: number): void => void (seen = part);
        await watchPieces(device, count, async () => {
          const training = model.trainOnBatch(first, labels.slice(0, batchSize));
          await new Promise((resolve) => setTimeout(resolve, 1000));
          expect(seen).toBe(2);
          release();
          await training;
        });
        expect(seen).toBeGreaterThan(4);
        model.dispose();
      });
    } finally {
      Reflect.deleteProperty(queue, "onSubmittedWorkDone");
    }
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
        await abortAt(device, 2, run);
        expect(await run()).toEqual(expected);
        model.dispose();
      });
    });
  }
});

describe("a device lost in the middle of a batch that is taken in parts", () => {
  const fit = (model: Sequential): Promise<unknown> => model.fit(all, labels, { ...options, epochs: 2 });

  test("the call goes on on another one, and ends with an undisturbed one's bits", async ({ skip }) => {
    const probe = await getTestDevice();
    if (!probe) return skip("no WebGPU adapter");
    probe.destroy();
    const expected = await trainLosing(0, fit);
    expect(expected.devices).toBe(1);
    const perStep = expected.pieces / (2 * steps);
    expect(perStep).toBeGreaterThan(4);
    // In the first epoch, of which there is no copy yet, and in the second.
    for (const step of [1, 3]) {
      const { devices, result } = await trainLosing(step * perStep + 2, fit);
      expect(devices).toBe(2);
      expect(result).toEqual(expected.result);
    }
  });
});

import { describe, expect, test } from "vitest";
import type { Sequential } from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { getTestDevice } from "../support/adapter";
import { withSmallBindings } from "../support/limits";
import { randomTokens } from "../support/random";
import { abortAt, compiled, countPieces, small, stateOf, trainLosing } from "./piecewise";

const gpuTest = useDevice();

const vocabulary = 12;
const steps = 5700;
const x = { data: randomTokens({ batch: 4, steps, vocabulary }, 21), shape: [4, steps] };
const y = [0, 1, 1, 0];
const first = { data: x.data.slice(0, 2 * steps), shape: [2, steps] };
const options = { batchSize: 2, shuffle: false };

describe("a sample that is taken in windows of time", () => {
  gpuTest("has every number as often as the same call is made", async (device) => {
    const run = async (): Promise<unknown> => {
      const model = await compiled(device);
      const history = await model.fit(x, y, { epochs: 2, batchSize: 2 });
      const result = [history, await stateOf(model)];
      model.dispose();
      return result;
    };
    await withSmallBindings(device, small, async () => {
      expect(await run()).toEqual(await run());
    });
  });

  gpuTest("is left between two windows as if its step had never begun", async (device) => {
    await withSmallBindings(device, small, async () => {
      const fresh = await compiled(device);
      const begun = await stateOf(fresh);
      const pieces = await countPieces(device, () => fresh.trainOnBatch(first, y.slice(0, 2)));
      // Of each of two samples all four windows but the last for their states, and then all of them.
      expect(pieces).toBe(2 * (3 + 4));
      const onTop = await compiled(device);
      // On the way forward, on the way back, and in the second sample.
      for (const piece of [2, 6, 12]) {
        const model = await compiled(device);
        await abortAt(device, piece, (signal) => model.fit(x, y, { ...options, signal }));
        expect(await stateOf(model)).toEqual(begun);
        if (piece === 6) {
          expect(await model.fit(x, y, options)).toEqual(await onTop.fit(x, y, options));
          expect(await stateOf(model)).toEqual(await stateOf(onTop));
        }
        model.dispose();
      }
      fresh.dispose();
      onTop.dispose();
    });
  });
});

describe("a device lost between two windows of a sample", () => {
  const fit = (model: Sequential): Promise<unknown> => model.fit(x, y, { batchSize: 2, epochs: 2 });

  test("the call goes on on another one, and ends with an undisturbed one's bits", async ({ skip }) => {
    const probe = await getTestDevice();
    if (!probe) return skip("no WebGPU adapter");
    probe.destroy();
    const expected = await trainLosing(0, fit);
    expect(expected.devices).toBe(1);
    const { devices, result } = await trainLosing(14 + 5, fit);
    expect(devices).toBe(2);
    expect(result).toEqual(expected.result);
  });
});

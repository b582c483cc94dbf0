import { describe, expect, test } from "vitest";
import { dense, embedding, lstm, sequential, type Sequential } from "../../src/index";
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

  gpuTest("is left as if the step of its batch had never begun", async (device) => {
    await withSmallBindings(device, small, async () => {
      const fresh = await compiled(device);
      const begun = await stateOf(fresh);
      expect(await countPieces(device, () => fresh.trainOnBatch(first, y.slice(0, 2)))).toBe(2);
      const afterOne = await stateOf(fresh);
      // In the first batch and in the second, between two samples.
      for (const [piece, state, onTop] of [
        [1, begun, await compiled(device)],
        [3, afterOne, fresh],
      ] as const) {
        const model = await compiled(device);
        await abortAt(device, piece, (signal) => model.fit(x, y, { ...options, signal }));
        expect(await stateOf(model)).toEqual(state);
        expect(await model.fit(x, y, options)).toEqual(await onTop.fit(x, y, options));
        expect(await stateOf(model)).toEqual(await stateOf(onTop));
        model.dispose();
        onTop.dispose();
      }
    });
  });

  gpuTest("leaves the states that its batch began with until all of the batch is done", async (device) => {
    await withSmallBindings(device, small, async () => {
      const carrying = async (): Promise<Sequential> => {
        const model = sequential([embedding(20, 4), lstm(6, { stateful: true }), dense(1)]);
        await model.compile({ optimizer: "sgd", loss: "mse", device, seed: 3, scan: "wide" });
        return model;
      };
      const model = await carrying();
      const undisturbed = await carrying();
      for (const one of [model, undisturbed]) await one.trainOnBatch(first, [0, 1]);
      const states = await undisturbed.getStates();
      expect(Math.max(...states[0].data)).toBeGreaterThan(0);
      await abortAt(device, 1, (signal) => model.fit(first, [0, 1], { ...options, signal }));
      expect(await model.getStates()).toEqual(states);
      const next = await undisturbed.predict(first, { batchSize: 2 });
      expect(await model.predict(first, { batchSize: 2 })).toEqual(next);
      expect(await model.getStates()).toEqual(await undisturbed.getStates());
      expect(await model.getStates()).not.toEqual(states);
      model.dispose();
      undisturbed.dispose();
    });
  });
});

describe("a device lost between two samples that are taken in windows of time", () => {
  const fit = (model: Sequential): Promise<unknown> => model.fit(x, y, { batchSize: 2, epochs: 2 });

  test("the call goes on on another one, and ends with an undisturbed one's bits", async ({ skip }) => {
    const probe = await getTestDevice();
    if (!probe) return skip("no WebGPU adapter");
    probe.destroy();
    const expected = await trainLosing(0, fit);
    expect(expected.devices).toBe(1);
    expect(expected.pieces).toBe(2 * x.shape[0]);
    for (const piece of [3, 7]) {
      const { devices, result } = await trainLosing(piece, fit);
      expect(devices).toBe(2);
      expect(result).toEqual(expected.result);
    }
  });
});

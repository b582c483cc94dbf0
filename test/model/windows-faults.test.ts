import { describe, expect, test } from "vitest";
import {
  dense,
  dropout,
  embedding,
  lstm,
  sequential,
  type CompileOptions,
  type Device,
  type Sequential,
} from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { getTestDevice } from "../support/adapter";
import { limitBindings, withSmallBindings } from "../support/limits";
import { randomTokens } from "../support/random";
import { watchPieces } from "./watch-pieces";

const gpuTest = useDevice();

/** Bytes: what training keeps of a sample here is several bindings of that many. */
const small = 264 * 1024;
const vocabulary = 12;
const steps = 5700;
const x = { data: randomTokens({ batch: 4, steps, vocabulary }, 21), shape: [4, steps] };
const y = [0, 1, 1, 0];
const first = { data: x.data.slice(0, 2 * steps), shape: [2, steps] };
const options = { batchSize: 2, shuffle: false };

async function compiled(device: CompileOptions["device"]): Promise<Sequential> {
  const layers = [embedding(vocabulary, 4), dropout(0.2), lstm(6), dense(1, { activation: "sigmoid" })];
  const model = sequential(layers);
  await model.compile({ optimizer: "adam", loss: "binaryCrossentropy", device, seed: 3, scan: "wide" });
  return model;
}

const stateOf = async (model: Sequential): Promise<unknown> => [
  await model.getWeights(),
  await model.getOptimizerState(),
];

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
      const pieces = await watchPieces(
        device,
        () => undefined,
        async () => {
          await fresh.trainOnBatch(first, y.slice(0, 2));
        },
      );
      // Of each of two samples all four windows but the last for their states, and then all of them.
      expect(pieces).toBe(2 * (3 + 4));
      const onTop = await compiled(device);
      // On the way forward, on the way back, and in the second sample.
      for (const piece of [2, 6, 12]) {
        const model = await compiled(device);
        const stop = new AbortController();
        const abortAt = (now: number): void => {
          if (now === piece) stop.abort();
        };
        const seen = await watchPieces(device, abortAt, async () => {
          const training = model.fit(x, y, { ...options, signal: stop.signal });
          await expect(training).rejects.toMatchObject({ name: "AbortError" });
        });
        expect(seen).toBe(piece);
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
  /** Trains on devices of small bindings, of which the first is destroyed when `lostAt` pieces are on it. */
  async function train(lostAt: number): Promise<{ devices: number; result: unknown }> {
    const devices: Device[] = [];
    const model = await compiled(async () => {
      const device = (await getTestDevice())!;
      limitBindings(device, small);
      devices.push(device);
      return device;
    });
    let history: unknown;
    const lose = (piece: number): void => {
      if (piece === lostAt) devices[0].destroy();
    };
    await watchPieces(devices[0], lose, async () => {
      history = await model.fit(x, y, { batchSize: 2, epochs: 2 });
    });
    const result = [history, await stateOf(model)];
    model.dispose();
    devices.forEach((device) => device.destroy());
    return { devices: devices.length, result };
  }

  test("the call goes on on another one, and ends with an undisturbed one's bits", async ({ skip }) => {
    const probe = await getTestDevice();
    if (!probe) return skip("no WebGPU adapter");
    probe.destroy();
    const expected = await train(0);
    expect(expected.devices).toBe(1);
    const { devices, result } = await train(14 + 5);
    expect(devices).toBe(2);
    expect(result).toEqual(expected.result);
  });
});

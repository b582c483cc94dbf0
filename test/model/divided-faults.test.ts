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
import { findTheSeven } from "./training";
import { watchPieces } from "./watch-pieces";

const gpuTest = useDevice();

/** Bytes: the states of a batch here are several bindings of that many. */
const small = 264 * 1024;
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

async function compiled(device: CompileOptions["device"]): Promise<Sequential> {
  const layers = [embedding(20, 4), dropout(0.2), lstm(6), dense(1, { activation: "sigmoid" })];
  const model = sequential(layers);
  await model.compile({ optimizer: "adam", loss: "binaryCrossentropy", device, seed: 3, scan: "wide" });
  return model;
}

const stateOf = async (model: Sequential): Promise<unknown> => [
  await model.getWeights(),
  await model.getOptimizerState(),
];

describe("an abort in the middle of a batch that is taken in parts", () => {
  gpuTest("takes effect before the next part, as if the step had never begun", async (device) => {
    await withSmallBindings(device, small, async () => {
      const fresh = await compiled(device);
      const begun = await stateOf(fresh);
      const parts = await watchPieces(
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
        const seen = await watchPieces(device, abortAt, async () => {
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
        const stop = new AbortController();
        const abort = (now: number): void => {
          if (now === 2) stop.abort();
        };
        const seen = await watchPieces(device, abort, async () => {
          await expect(run(stop.signal)).rejects.toMatchObject({ name: "AbortError" });
        });
        expect(seen).toBe(2);
        expect(await run()).toEqual(expected);
        model.dispose();
      });
    });
  }
});

describe("a device lost in the middle of a batch that is taken in parts", () => {
  /** Trains on devices of small bindings, of which the first is destroyed when `lostAt` parts are on it. */
  async function train(lostAt: number): Promise<{ parts: number; devices: number; result: unknown }> {
    const devices: Device[] = [];
    const model = await compiled(async () => {
      const device = (await getTestDevice())!;
      limitBindings(device, small);
      devices.push(device);
      return device;
    });
    let history: unknown;
    const lose = (part: number): void => {
      if (part === lostAt) devices[0].destroy();
    };
    const parts = await watchPieces(devices[0], lose, async () => {
      history = await model.fit(all, labels, { ...options, epochs: 2 });
    });
    const result = [history, await stateOf(model)];
    model.dispose();
    devices.forEach((device) => device.destroy());
    return { parts, devices: devices.length, result };
  }

  test("the call goes on on another one, and ends with an undisturbed one's bits", async ({ skip }) => {
    const probe = await getTestDevice();
    if (!probe) return skip("no WebGPU adapter");
    probe.destroy();
    const expected = await train(0);
    expect(expected.devices).toBe(1);
    const perStep = expected.parts / (2 * steps);
    expect(perStep).toBeGreaterThan(4);
    // In the first epoch, of which there is no copy yet, and in the second.
    for (const step of [1, 3]) {
      const { devices, result } = await train(step * perStep + 2);
      expect(devices).toBe(2);
      expect(result).toEqual(expected.result);
    }
  });
});

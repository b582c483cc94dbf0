import { beforeAll, describe, expect, test } from "vitest";
import { StateError, type Device } from "../../src/index";
import { dense, embedding, sequential, simpleRNN } from "../../src/index";
import { getSharedDevice } from "../support/adapter";
import { randomTokens } from "../support/random";

let device: Device | undefined;
beforeAll(async () => {
  device = await getSharedDevice();
});

describe("the life of a model", () => {
  test("dispose in the middle of fit rejects it by name", async ({ skip }) => {
    if (!device) return skip("no WebGPU adapter");
    const errors: string[] = [];
    device.gpu.onuncapturederror = ({ error }) => errors.push(error.message);
    const model = sequential([embedding(11, 4), simpleRNN(5), dense(1, { activation: "sigmoid" })]);
    await model.compile({ loss: "binaryCrossentropy", device, seed: 0 });
    const x = {
      data: Int32Array.from(randomTokens({ batch: 64, steps: 7, vocabulary: 11 }, 1)),
      shape: [64, 7],
    };
    const y = Array.from({ length: 64 }, (_, i) => i % 2);
    const disposing = {
      onEpochBegin: (epoch: number): void => {
        if (epoch === 2) setTimeout(() => model.dispose(), 1);
      },
    };
    const fit = model.fit(x, y, { epochs: 500, batchSize: 4, callbacks: [disposing] });
    await expect(fit).rejects.toThrow(StateError);
    await expect(fit).rejects.toThrow(/dispose\(\) in the middle/);
    await device.idle();
    device.gpu.onuncapturederror = null;
    expect(errors).toEqual([]);
  });

  test("both shapes of the scan take more units than unrolled text can hold", async ({ skip }) => {
    if (!device) return skip("no WebGPU adapter");
    const predictions: Float32Array[] = [];
    for (const scan of ["narrow", "wide"] as const) {
      const model = sequential([embedding(11, 4), simpleRNN(65), dense(1, { activation: "sigmoid" })]);
      await model.compile({ loss: "binaryCrossentropy", device, scan, seed: 3 });
      predictions.push((await model.predict([[1, 2, 3]])).data);
      model.dispose();
    }
    expect(predictions[0][0]).toBeCloseTo(predictions[1][0], 6);
    expect(predictions[0][0]).not.toBe(0.5);
  });
});

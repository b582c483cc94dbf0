import { describe, expect, vi } from "vitest";
import { dense, embedding, sequential, simpleRNN, type Device, type Sequential } from "../../src/index";
import { findTheSeven } from "../model/training";
import { useDevice } from "./use-device";
import { watchAllocations } from "./validation";

const gpuTest = useDevice();

const { x, y } = findTheSeven(1);

async function compiled(device: Device): Promise<Sequential> {
  const model = sequential([embedding(20, 4), simpleRNN(5), dense(1, { activation: "sigmoid" })]);
  await model.compile({
    optimizer: "rmsprop",
    loss: "binaryCrossentropy",
    metrics: ["acc"],
    device,
    seed: 0,
  });
  return model;
}

describe("allocations", () => {
  gpuTest("stay flat over two runs of fit and over cycles of compile and dispose", async (device) => {
    const watch = watchAllocations(device);
    const lives: number[] = [];
    for (let cycle = 0; cycle < 3; cycle++) {
      const model = await compiled(device);
      for (let run = 0; run < 2; run++) {
        await model.fit(x, y, { epochs: 2, batchSize: 16, validationSplit: 0.25 });
        await model.evaluate(x, y);
        await model.predict(x);
        lives.push(watch.live.length);
      }
      await model.compile({ loss: "binaryCrossentropy", device });
      await model.fit(x, y, { batchSize: 16 });
      model.dispose();
      model.dispose();
      lives.push(watch.live.length);
    }
    watch.restore();
    const [first, second, disposed] = lives;
    expect(first).toBeGreaterThan(0);
    expect(second).toBe(first);
    expect(disposed).toBe(0);
    expect(lives).toEqual([first, first, 0, first, first, 0, first, first, 0]);
  });

  gpuTest("a training step makes no buffer and no bind group", async (device) => {
    const model = await compiled(device);
    await model.fit(x, y, { batchSize: 4 });
    const made = async (batchSize: number): Promise<number[]> => {
      const watch = watchAllocations(device);
      // Figures are also read each tenth of a second, which no run here takes by this clock.
      let now = performance.now();
      const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 0.01));
      await model.fit(x, y, { batchSize, epochs: 2 });
      clock.mockRestore();
      watch.restore();
      return [watch.buffersMade, watch.bindGroupsMade];
    };
    // Once an epoch the figures are read, and the model is copied to main memory, through a buffer each.
    expect(await made(4)).toEqual([4, 0]);
    expect(await made(1)).toEqual([4, 0]);
    model.dispose();
  });

  gpuTest("bad input allocates nothing", async (device) => {
    const model = await compiled(device);
    const watch = watchAllocations(device);
    await expect(model.fit([[1, 99]], [0])).rejects.toThrow(/token ids/);
    await expect(model.fit(x, [0])).rejects.toThrow(/one label per row/);
    watch.restore();
    expect([watch.buffersMade, watch.bindGroupsMade]).toEqual([0, 0]);
    model.dispose();
  });
});

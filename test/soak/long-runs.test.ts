import { describe, expect } from "vitest";
import { dense, embedding, sequential, simpleRNN, type Device, type Sequential } from "../../src/index";
import { findTheSeven } from "../model/training";
import { useDevice } from "../runtime/use-device";
import { watchAllocations } from "../runtime/validation";
import { held, shown, type Held } from "./memory";

const gpuTest = useDevice();
const { x, y } = findTheSeven(1);
/** 192 rows in batches of 24. */
const [batchSize, stepsAnEpoch] = [24, 8];

/** MiB by which a process may differ between two moments: freed pages go back in pieces of some MiB. */
const noise = { heap: 2, external: 2, process: 16 };

async function compiled(device: Device, seed = 0): Promise<Sequential> {
  const model = sequential([embedding(20, 6), simpleRNN(9), dense(1, { activation: "sigmoid" })]);
  await model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["acc"], device, seed });
  return model;
}

function expectFlat(before: Held, after: Held): void {
  expect(after.heap - before.heap).toBeLessThan(noise.heap);
  expect(after.external - before.external).toBeLessThan(noise.external);
  expect(after.process - before.process).toBeLessThan(noise.process);
}

describe("memory stays flat", () => {
  gpuTest("over 10,000 training steps", async (device) => {
    const watch = watchAllocations(device);
    const model = await compiled(device);
    const run = async (steps: number): Promise<Held> => {
      await model.fit(x, y, { epochs: steps / stepsAnEpoch, batchSize });
      return held();
    };
    const before = await run(10_000);
    const { live, bytes } = watch;
    const after = await run(10_000);
    console.log(`after 10,000 steps: ${live.length} GPU buffers of ${bytes} bytes, ${shown(before)}`);
    console.log(
      `after 20,000 steps: ${watch.live.length} GPU buffers of ${watch.bytes} bytes, ${shown(after)}`,
    );
    expect([watch.live, watch.bytes]).toEqual([live, bytes]);
    expectFlat(before, after);
    const { loss, acc } = await model.evaluate(x, y);
    console.log(`then loss ${loss.toExponential(1)}, accuracy ${acc}`);
    expect(loss).toBeLessThan(1e-3);
    model.dispose();
    expect(watch.live).toEqual([]);
    watch.restore();
  });

  gpuTest("over 200 cycles of compile, train and dispose", async (device) => {
    const watch = watchAllocations(device);
    const cycle = async (seed: number): Promise<void> => {
      const model = await compiled(device, seed);
      await model.fit(x, y, { epochs: 1, batchSize });
      await model.predict(x);
      model.dispose();
      expect(watch.live).toEqual([]);
    };
    for (let i = 0; i < 150; i++) await cycle(i);
    const before = await held();
    for (let i = 0; i < 200; i++) await cycle(i);
    const after = await held();
    console.log(`after 150 cycles: no GPU buffer, ${shown(before)}`);
    console.log(`after 350 cycles: no GPU buffer, ${shown(after)}; ${watch.buffersMade} buffers made`);
    expectFlat(before, after);
    watch.restore();
  });
});

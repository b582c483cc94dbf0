import { beforeAll, expect, test } from "vitest";
import { dense, embedding, sequential, simpleRNN, type Device, type ProgramSample } from "../../src/index";
import { getSharedDevice } from "../support/adapter";
import { findTheSeven } from "./training";

let device: Device | undefined;
beforeAll(async () => {
  device = await getSharedDevice();
});

test("profile tells the kernels' times while fit runs, and nothing once it is ended", async ({ skip }) => {
  if (!device?.gpu.features.has("timestamp-query")) return skip("no time stamps");
  const model = sequential([embedding(20, 6), simpleRNN(9), dense(1, { activation: "sigmoid" })]);
  await model.compile({ loss: "binaryCrossentropy", device, seed: 1 });
  const { x, y } = findTheSeven(1);
  const samples: ProgramSample[] = [];
  const end = model.profile((sample) => samples.push(sample), { interval: 0 });
  await model.fit(x, y, { batchSize: 16, epochs: 2 });
  expect(samples.length).toBeGreaterThan(0);
  const kernels = samples[0].steps.map(({ kernel }) => kernel);
  expect(kernels).toContain("scanForward");
  expect(kernels).toContain("scanBackward");
  expect(kernels.at(-1)).toBe("optimizer");
  const sum = samples[0].steps.reduce((all, { milliseconds }) => all + milliseconds, 0);
  expect(sum).toBeGreaterThan(0);
  end();
  const count = samples.length;
  await model.fit(x, y, { batchSize: 16 });
  expect(samples.length).toBe(count);
  model.dispose();
});

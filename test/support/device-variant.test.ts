import { expect, test } from "vitest";
import { dense, embedding, sequential, simpleRNN } from "../../src/index";
import { getTestDevice } from "./adapter";
import { applyDeviceVariant } from "./device-variant";
import { forceScan } from "./force-scan";

test("an unknown variant or shape is refused", () => {
  expect(() => applyDeviceVariant("least")).toThrow(/one of minimum, bare, full, got "least"/);
  expect(() => forceScan("flat")).toThrow(/one of narrow, wide, got "flat"/);
});

test("devices with the minimum, and a shape that is forced where it can be", async ({ skip }) => {
  const before = await getTestDevice();
  if (!before) return skip("no WebGPU adapter");
  before.destroy();
  applyDeviceVariant("minimum");
  forceScan("narrow");
  const device = await getTestDevice();
  if (!device) return skip("no WebGPU adapter");
  expect(device.limits.maxComputeInvocationsPerWorkgroup).toBe(256);
  expect(["timestamp-query", "subgroups"].filter((feature) => device.gpu.features.has(feature))).toEqual([]);
  for (const units of [5, 65]) {
    const model = sequential([embedding(9, 3), simpleRNN(units), dense(1)]);
    await model.compile({ loss: "meanSquaredError", device });
    model.dispose();
  }
  device.destroy();
});

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { listNodeAdapters, requestNodeDevice } from "../../src/node/device";
import { DeviceError } from "../../src/runtime/errors";
import { getTestDevice } from "../support/adapter";

const adapters = await listNodeAdapters();

test.skipIf(adapters.length === 0)("an adapter is found by any part of its name or description", async () => {
  const [first] = adapters;
  for (const text of [first?.name, first?.description.slice(3).toUpperCase()]) {
    const device = await requestNodeDevice({ adapter: text });
    expect(device.description).toBe(first?.description);
    device.destroy();
  }
});

test("a text that no adapter has is refused, and what there is, is named", async () => {
  const wrong = requestNodeDevice({ adapter: "abacus" });
  await expect(wrong).rejects.toBeInstanceOf(DeviceError);
  await expect(wrong).rejects.toThrow(
    'requestNodeDevice: expected an adapter whose description contains "abacus", got no',
  );
  for (const { name } of adapters) await expect(wrong).rejects.toThrow(name);
});

test("asking for adapters leaves the environment as it was", async () => {
  const before = { ...process.env };
  await listNodeAdapters();
  expect({ ...process.env }).toEqual(before);
});

test("minimum asks for no feature and no more than the specification's limits", async ({ skip }) => {
  const device = await getTestDevice({ minimum: true });
  if (!device) return skip("no adapter");
  expect(device.gpu.features.has("timestamp-query")).toBe(false);
  expect(device.limits.maxComputeInvocationsPerWorkgroup).toBe(256);
  device.destroy();
});

test("software adapters come after real ones", () => {
  const kinds = adapters.map(({ software }) => software);
  expect(kinds).toEqual([...kinds].sort());
});

test("a configured driver is tried first", () => {
  const script = `
    import { vulkanSources } from "./src/node/browsers.mjs";
    console.log(JSON.stringify(vulkanSources()));
  `;
  const env = { PATH: "/nowhere", HOME: "/nowhere", VK_DRIVER_FILES: "/some/driver.json" };
  const node = spawnSync(process.execPath, ["--input-type=module", "-e", script], { env, encoding: "utf8" });
  // In JSON, undefined (as the system finds it) becomes null.
  expect((JSON.parse(node.stdout) as unknown[])[0]).toBeNull();
});

/** Prints the best adapter that Dawn finds, as JSON, or null. */
import { create } from "webgpu";
import { vulkanSources } from "../../src/node/browsers.mjs";

const instances = [];

async function adapterOf(manifest) {
  const before = process.env.VK_DRIVER_FILES;
  if (manifest) process.env.VK_DRIVER_FILES = manifest;
  const gpu = create([]);
  instances.push(gpu);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (before === undefined) delete process.env.VK_DRIVER_FILES;
  else process.env.VK_DRIVER_FILES = before;
  if (!adapter) return undefined;
  const { vendor, description, isFallbackAdapter } = adapter.info;
  const name = description || vendor;
  return {
    name,
    software: isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(`${vendor} ${description}`),
  };
}

const found = [];
for (const manifest of vulkanSources()) {
  const adapter = await adapterOf(manifest);
  if (adapter) found.push(adapter);
}
process.stdout.write(JSON.stringify(found.find((adapter) => !adapter.software) ?? found[0] ?? null));

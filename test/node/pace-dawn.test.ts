import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { paceDawn } from "../../src/node/pace-dawn";
import { getTestDevice } from "../support/adapter";

/** One invocation that counts: a few hundred milliseconds on a processor. */
const slow = `
@group(0) @binding(0) var<storage, read_write> sum: array<u32>;
@compute @workgroup_size(1) fn main() {
  for (var i = 0u; i < 30000000u; i++) { sum[0] = sum[0] * 1664525u + i; }
}`;

test("waiting for a software adapter leaves the core to it", async ({ skip }) => {
  const device = await getTestDevice();
  if (!device) return skip("no adapter");
  paceDawn();
  const { gpu } = device;
  const pipeline = await gpu.createComputePipelineAsync({
    layout: "auto",
    compute: { module: gpu.createShaderModule({ code: slow }) },
  });
  const buffer = gpu.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE });
  const encoder = gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    gpu.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer } }],
    }),
  );
  pass.dispatchWorkgroups(1);
  pass.end();
  gpu.queue.submit([encoder.finish()]);
  const before = performance.eventLoopUtilization();
  await device.idle();
  const { utilization, idle, active } = performance.eventLoopUtilization(before);
  device.destroy();
  // A GPU may be done before this says anything.
  if (idle + active > 50) expect(utilization).toBeLessThan(0.6);
});

test("setImmediate stays what it is for everyone else", async () => {
  paceDawn();
  const order: string[] = [];
  setImmediate((word: string) => order.push(word), "immediate");
  const cancelled = setImmediate(() => order.push("cancelled"));
  clearImmediate(cancelled);
  expect(await promisify(setImmediate)("value")).toBe("value");
  expect(order).toEqual(["immediate"]);
});

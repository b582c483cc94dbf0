import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/index";
import type { SizedKernel } from "../../src/kernels/shared/frame";
import { writes } from "../../src/runtime/kernel";
import { getTestDevice } from "../support/adapter";
import { assertOutputs, kernelCase, runKernel } from "./harness";

let device: Device | undefined;
beforeAll(async () => {
  device = await getTestDevice();
});
afterAll(() => {
  device?.destroy();
});

const kernel = (name: string, statements: string): SizedKernel => ({
  name,
  constants: {},
  bindings: { out: writes() },
  grid: () => [1],
  code: `@compute @workgroup_size(1) fn main() { ${statements} }`,
});

describe("the harness fails when it should", () => {
  const failures = [
    [
      "a write behind the output",
      "out[0] = 1.0; out[1] = 2.0; out[3] = 5.0;",
      /out: expected nothing behind/,
    ],
    ["an element that is not written", "out[1] = 2.0;", /out\[0\]: expected 1, got NaN/],
    ["a wrong value", "out[0] = 1.0; out[1] = 2.5;", /out\[1\]: expected 2, got 2.5/],
  ] as const;
  for (const [name, statements, message] of failures) {
    test(name, async ({ skip }) => {
      if (!device) return skip("no WebGPU adapter");
      const { run } = kernelCase(name, async (on) => {
        const actual = await runKernel(on, kernel(name, statements), { outputs: { out: 2 } });
        assertOutputs(actual, { out: [1, 2] }, { absolute: 0, relative: 0 });
      });
      await expect(run(device)).rejects.toThrow(message);
    });
  }

  test("a GPU error that no call reports", async ({ skip }) => {
    if (!device) return skip("no WebGPU adapter");
    const broken = kernelCase("broken", ({ gpu }) => {
      gpu.createBuffer({ label: "no use", size: 4, usage: 0xffff });
      return Promise.resolve();
    });
    await expect(broken.run(device)).rejects.toThrow(/GPU errors:\n.*invalid/i);
  });
});

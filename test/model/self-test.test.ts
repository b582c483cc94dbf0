import { afterEach, describe, expect, test, vi } from "vitest";
import { dense, embedding, sequential, simpleRNN, type Device, type Sequential } from "../../src/index";
import { getTestDevice } from "../support/adapter";

let device: Device | undefined;
afterEach(() => {
  device?.destroy();
  vi.restoreAllMocks();
});

/** A device whose driver does nothing where a kernel of that label should run. */
async function brokenDevice(broken: (label: string) => boolean): Promise<Device | undefined> {
  device = await getTestDevice();
  if (!device) return undefined;
  const { gpu } = device;
  const create = gpu.createShaderModule.bind(gpu);
  gpu.createShaderModule = (descriptor) => {
    if (!broken(descriptor.label ?? "")) return create(descriptor);
    const code = descriptor.code.replace(
      /fn main\([\s\S]*?\)\s*\{/,
      "$& if (step.samples < 65536u) { return; }",
    );
    expect(code).not.toBe(descriptor.code);
    return create({ ...descriptor, code });
  };
  return device;
}

function model(units = 5): Sequential {
  return sequential([embedding(7, 3), simpleRNN(units), dense(1, { activation: "sigmoid" })]);
}

describe("the self-test at compile", () => {
  const options = { loss: "binaryCrossentropy", scan: "narrow" } as const;

  test("a sound device passes, and no warning is given", async ({ skip }) => {
    const sound = await brokenDevice(() => false);
    if (!sound) return skip("no WebGPU adapter");
    const warn = vi.spyOn(console, "warn");
    await model().compile({ ...options, device: sound });
    await model().compile({ ...options, device: sound, scan: "wide" });
    expect(warn).not.toHaveBeenCalled();
  });

  for (const kernel of ["scanForward", "scanBackward", "embeddingGradient"]) {
    test(`zeros from ${kernel} are noticed, and named`, async ({ skip }) => {
      const broken = await brokenDevice((label) => label.startsWith(kernel));
      if (!broken) return skip("no WebGPU adapter");
      const compiling = model().compile({ ...options, device: broken });
      await expect(compiling).rejects.toThrow(
        /compile: expected ".+" to compute .+ in the gradient of .+ \(kernel/,
      );
      await model().compile({ ...options, device: broken, selfTest: false });
    });
  }

  test("where only one shape is broken, the other one is used, with a warning", async ({ skip }) => {
    const broken = await brokenDevice(
      (label) => label.startsWith("scanBackward") && label.includes("shape=narrow"),
    );
    if (!broken) return skip("no WebGPU adapter");
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const net = model();
    await net.compile({ ...options, device: broken });
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0][0]).toContain("the narrow scan computes wrongly");
    await net.trainOnBatch([[1, 2, 3]], [1]);
    const gradients = await net.getGradients();
    expect(gradients[0].data.some((value) => value !== 0)).toBe(true);
  });

  describe("of the scan in tiles", () => {
    /** More than unrolled text can hold. */
    const units = 65;
    const inTiles = (kernel: string) => (label: string) =>
      label.startsWith(kernel) && label.includes("tiled=true");

    test("a sound device passes, and no warning is given", async ({ skip }) => {
      const sound = await brokenDevice(() => false);
      if (!sound) return skip("no WebGPU adapter");
      const warn = vi.spyOn(console, "warn");
      await model(units).compile({ ...options, device: sound });
      expect(warn).not.toHaveBeenCalled();
    });

    for (const kernel of ["scanForward", "scanBackward"]) {
      test(`${kernel} is tested for nets that use it: the wide one takes its place, with a warning`, async ({
        skip,
      }) => {
        const broken = await brokenDevice(inTiles(kernel));
        if (!broken) return skip("no WebGPU adapter");
        const warn = vi.spyOn(console, "warn").mockReturnValue();
        await model().compile({ ...options, device: broken });
        expect(warn).not.toHaveBeenCalled();
        const net = model(units);
        await net.compile({ ...options, device: broken });
        expect(warn).toHaveBeenCalledOnce();
        expect(warn.mock.calls[0][0]).toMatch(/^compile: the narrow scan computes wrongly .+, tiled\)/);
        await net.trainOnBatch([[1, 2, 3]], [1]);
        const gradients = await net.getGradients();
        expect(gradients[0].data.some((value) => value !== 0)).toBe(true);
      });
    }

    test("a device that computes no form rightly is refused", async ({ skip }) => {
      const used = (label: string): boolean => label.includes("tiled=true") || label.includes("shape=wide");
      const broken = await brokenDevice((label) => label.startsWith("scanBackward") && used(label));
      if (!broken) return skip("no WebGPU adapter");
      const compiling = model(units).compile({ ...options, device: broken });
      await expect(compiling).rejects.toThrow(/in the gradient of .+ \(kernel .+\), tiled/);
    });
  });
});

import { afterEach, describe, expect, test, vi } from "vitest";
import { dense, embedding, sequential, simpleRNN, type Device, type Sequential } from "../../src/index";
import { getTestDevice } from "../support/adapter";

let device: Device | undefined;
afterEach(() => {
  device?.destroy();
  vi.restoreAllMocks();
});

let adapters = 0;

/** A device of an adapter of its own: what is known of others is not known of it. */
async function ownDevice(): Promise<Device | undefined> {
  device = await getTestDevice();
  return device && Object.assign(device, { description: `${device.description} ${++adapters}` });
}

/** A device whose driver cannot compile kernels of that label. */
async function refusingDevice(refused: (label: string) => boolean): Promise<Device | undefined> {
  const refusing = await ownDevice();
  if (!refusing) return undefined;
  const { gpu } = refusing;
  const create = gpu.createComputePipelineAsync.bind(gpu);
  gpu.createComputePipelineAsync = (descriptor) =>
    refused(descriptor.label ?? "") ? Promise.reject(new Error("VK_ERROR_UNKNOWN")) : create(descriptor);
  return refusing;
}

/** A device whose driver does nothing where a kernel of that label should run. */
async function brokenDevice(broken: (label: string) => boolean): Promise<Device | undefined> {
  const own = await ownDevice();
  if (!own) return undefined;
  const { gpu } = own;
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
  return own;
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

  test("runs once for an adapter and a form, also where another device follows", async ({ skip }) => {
    const first = await ownDevice();
    if (!first) return skip("no WebGPU adapter");
    await model().compile({ ...options, device: first });
    const { description } = first;
    first.destroy();
    const second = await getTestDevice();
    const submitted = vi.spyOn(Object.assign((device = second!), { description }), "submit");
    await model().compile({ ...options, device });
    expect(submitted.mock.calls.filter(([label]) => label === "self-test")).toEqual([]);
    await model().compile({ ...options, device, scan: "wide" });
    expect(submitted.mock.calls.filter(([label]) => label === "self-test")).toHaveLength(1);
  });

  for (const scan of ["narrow", "wide"] as const) {
    test(`takes less than 50 ms on a GPU, once a process has compiled kernels: ${scan}`, async ({ skip }) => {
      const times: number[] = [];
      // The first is the one that wakes the driver up.
      for (let i = 0; i < 6; i++) {
        const own = await ownDevice();
        if (!own) return skip("no WebGPU adapter");
        const net = model();
        await net.compile({ ...options, scan, device: own, selfTest: false });
        const begin = performance.now();
        await net.compile({ ...options, scan, device: own });
        times.push(performance.now() - begin);
        net.dispose();
        own.destroy();
      }
      const [, ...warm] = times;
      const median = warm.sort((a, b) => a - b)[2];
      const shown = times.map((time) => time.toFixed(1)).join(", ");
      console.log(`self-test, ${scan}, on ${device!.description}: ${shown} ms, one device after the other`);
      expect(median).toBeLessThan(device!.software ? 5000 : 50);
    });
  }

  describe("a driver that cannot compile a kernel", () => {
    const isNarrow = (label: string): boolean => label.includes("shape=narrow");

    test("of the narrow shape at all: the wide one is used, with a warning", async ({ skip }) => {
      const refusing = await refusingDevice(isNarrow);
      if (!refusing) return skip("no WebGPU adapter");
      const warn = vi.spyOn(console, "warn").mockReturnValue();
      const net = model();
      await net.compile({ ...options, device: refusing });
      expect(warn).toHaveBeenCalledOnce();
      expect(warn.mock.calls[0][0]).toMatch(
        /^compile: the narrow scan .+ VK_ERROR_UNKNOWN.+the wide one is used$/,
      );
      await net.trainOnBatch([[1, 2, 3]], [1]);
    });

    test("of the narrow shape, where it is being chosen: the wide one is", async ({ skip }) => {
      if (process.env.WEBGPU_RNN_TEST_SCAN) return skip("the shape is forced");
      const refusing = await refusingDevice(isNarrow);
      if (!refusing) return skip("no WebGPU adapter");
      const warn = vi.spyOn(console, "warn").mockReturnValue();
      const net = model();
      await net.compile({ loss: "binaryCrossentropy", device: refusing });
      await net.trainOnBatch([[1, 2, 3]], [1]);
      expect(warn).not.toHaveBeenCalled();
    });

    test("of a larger net than the self-test's: the wide one is used, with a warning", async ({ skip }) => {
      const refusing = await refusingDevice((label) => isNarrow(label) && label.includes("units=5"));
      if (!refusing) return skip("no WebGPU adapter");
      const warn = vi.spyOn(console, "warn").mockReturnValue();
      const net = model();
      await net.compile({ ...options, device: refusing, seed: 1 });
      const { loss } = await net.trainOnBatch([[1, 2, 3]], [1]);
      expect(warn).toHaveBeenCalledOnce();
      expect(warn.mock.calls[0][0]).toMatch(
        /^kernel scan.+VK_ERROR_UNKNOWN.*; the wide scan is used instead$/,
      );
      await net.predict([[1, 2, 3]]);
      expect(warn).toHaveBeenCalledOnce();
      const wide = model();
      await wide.compile({ ...options, device: refusing, seed: 1, scan: "wide" });
      expect((await wide.trainOnBatch([[1, 2, 3]], [1])).loss).toBe(loss);
    });

    test("of both shapes: an error names it", async ({ skip }) => {
      const refusing = await refusingDevice((label) => label.startsWith("scanBackward"));
      if (!refusing) return skip("no WebGPU adapter");
      await expect(model().compile({ ...options, device: refusing })).rejects.toThrow(
        /kernel scanBackward.+VK_ERROR_UNKNOWN/,
      );
      const net = model();
      await net.compile({ ...options, device: refusing, selfTest: false, scan: "wide" });
      await expect(net.trainOnBatch([[1, 2, 3]], [1])).rejects.toThrow(
        /kernel scanBackward.+VK_ERROR_UNKNOWN/,
      );
    });
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

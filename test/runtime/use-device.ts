import { beforeAll, test, type TestContext } from "vitest";
import type { Device } from "../../src/index";
import { getSharedDevice } from "../support/adapter";
import { withValidation } from "./validation";

/** A test on a GPU device; it fails on any GPU error. */
export type GpuTest = (name: string, run: (device: Device, context: TestContext) => Promise<void>) => void;

/** A device for all tests of a file. Where there is none, the tests made by the function skip and say so. */
export function useDevice(): GpuTest {
  let device: Device | undefined;
  beforeAll(async () => {
    device = await getSharedDevice();
  });
  return (name, run) => {
    test(name, async (context) => {
      const on = device;
      if (!on) return context.skip("no WebGPU adapter");
      await withValidation(on, () => run(on, context));
    });
  };
}

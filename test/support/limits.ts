import type { Device } from "../../src/index";

/** From here on, a device whose kernels can bind only so many bytes at a time. */
export function limitBindings(device: Device, bytes: number): void {
  const { maxBufferSize } = device.limits;
  const value = { maxStorageBufferBindingSize: bytes, maxBufferSize };
  Object.defineProperty(device, "limits", { configurable: true, value });
}

/** Runs a test as on a device whose kernels can bind only so many bytes at a time. */
export async function withSmallBindings<Result>(
  device: Device,
  bytes: number,
  run: () => Promise<Result>,
): Promise<Result> {
  limitBindings(device, bytes);
  try {
    return await run();
  } finally {
    Reflect.deleteProperty(device, "limits");
  }
}

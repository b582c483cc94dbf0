/** What a device's buffers hold. */
export interface Memory {
  /** Bytes at the time with the most. */
  peak: number;
  /** Bytes now, by the buffers' labels. */
  byLabel: Record<string, number>;
}

interface Held {
  bytes: number;
  peak: number;
  buffers: Map<GPUBuffer, { label: string; size: number }>;
}

const devices = new WeakMap<GPUDevice, Held>();
const owners = new WeakMap<GPUBuffer, Held>();
let dispatches = 0;
let watching = false;

/**
 * Counts dispatches, and the memory of each device, from now on: every library is asked in the same way, at
 * the one place that none can pass by.
 */
export function watchGpu(): void {
  if (watching) return;
  watching = true;
  wrap(GPUComputePassEncoder.prototype, "dispatchWorkgroups", () => void dispatches++);
  wrap(GPUComputePassEncoder.prototype, "dispatchWorkgroupsIndirect", () => void dispatches++);
  wrap(GPUDevice.prototype, "createBuffer", (device, [{ label = "", size }], buffer) => {
    const held = devices.get(device) ?? { bytes: 0, peak: 0, buffers: new Map() };
    devices.set(device, held);
    owners.set(buffer, held);
    held.buffers.set(buffer, { label, size });
    held.bytes += size;
    held.peak = Math.max(held.peak, held.bytes);
  });
  wrap(GPUBuffer.prototype, "destroy", (buffer) => {
    const held = owners.get(buffer);
    held!.bytes -= held?.buffers.get(buffer)?.size ?? 0;
    held?.buffers.delete(buffer);
  });
}

/** Number of dispatches that `run` issues. */
export async function countDispatches(run: () => Promise<unknown>): Promise<number> {
  const before = dispatches;
  await run();
  return dispatches - before;
}

/** Forgets how much memory a device has had; what it has now counts. */
export function resetPeak(device: GPUDevice): void {
  const held = devices.get(device);
  if (held) held.peak = held.bytes;
}

/** The memory of a device since {@link watchGpu}, or since its last {@link resetPeak}. */
export function memoryOf(device: GPUDevice): Memory {
  const held = devices.get(device);
  const byLabel: Record<string, number> = {};
  for (const { label, size } of held?.buffers.values() ?? []) byLabel[label] = (byLabel[label] ?? 0) + size;
  return { peak: held?.peak ?? 0, byLabel };
}

/** Has `after` called whenever a method of this prototype has been. */
function wrap<Target extends object, Name extends keyof Target>(
  prototype: Target,
  name: Name,
  after: (
    self: Target,
    parameters: Target[Name] extends (...parameters: infer P) => unknown ? P : never,
    result: Target[Name] extends (...parameters: never[]) => infer R ? R : never,
  ) => void,
): void {
  const method = prototype[name] as (...parameters: unknown[]) => unknown;
  const wrapped = function (this: Target, ...parameters: unknown[]): unknown {
    const result = method.apply(this, parameters);
    after(this, parameters as never, result as never);
    return result;
  };
  prototype[name] = wrapped as Target[Name];
}

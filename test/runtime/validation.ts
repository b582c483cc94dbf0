import type { Device } from "../../src/runtime/device";
import { AssertionFailure } from "../support/assert";

const filters: GPUErrorFilter[] = ["validation", "out-of-memory", "internal"];

/**
 * Runs a test and fails on any GPU error that happens meanwhile, also one that no call reports.
 * No test framework: it runs in Node and in a browser page.
 */
export async function withValidation<Result>(device: Device, run: () => Promise<Result>): Promise<Result> {
  const { gpu } = device;
  const errors: string[] = [];
  const onError = (event: GPUUncapturedErrorEvent): void => {
    event.preventDefault();
    errors.push(event.error.message);
  };
  gpu.addEventListener("uncapturederror", onError);
  for (const filter of filters) gpu.pushErrorScope(filter);
  try {
    return await run().finally(async () => {
      const found = await Promise.all(filters.map(() => gpu.popErrorScope()));
      errors.push(...found.flatMap((error) => (error ? [error.message] : [])));
      if (errors.length > 0) throw new AssertionFailure(`GPU errors:\n${errors.join("\n")}`);
    });
  } finally {
    gpu.removeEventListener("uncapturederror", onError);
  }
}

/** What was made on a device while it was watched. */
export interface Allocations {
  /** Buffers made and not destroyed, by label. */
  readonly live: readonly string[];
  /** Bytes of these. */
  readonly bytes: number;
  readonly buffersMade: number;
  readonly bindGroupsMade: number;
  /** Stops watching. */
  restore(): void;
}

/** Counts the buffers and bind groups that are made on a device, and the buffers that are destroyed. */
export function watchAllocations({ gpu }: Device): Allocations {
  const live = new Map<GPUBuffer, string>();
  const counts = { buffers: 0, bindGroups: 0 };
  const createBuffer = gpu.createBuffer.bind(gpu);
  const createBindGroup = gpu.createBindGroup.bind(gpu);
  const watched = {
    createBuffer: (descriptor: GPUBufferDescriptor): GPUBuffer => {
      const buffer = createBuffer(descriptor);
      const destroy = buffer.destroy.bind(buffer);
      counts.buffers++;
      live.set(buffer, descriptor.label ?? "");
      buffer.destroy = () => {
        live.delete(buffer);
        return destroy();
      };
      return buffer;
    },
    createBindGroup: (descriptor: GPUBindGroupDescriptor): GPUBindGroup => {
      counts.bindGroups++;
      return createBindGroup(descriptor);
    },
  };
  const before = (Object.keys(watched) as (keyof typeof watched)[]).map((name) => ({
    name,
    own: Object.getOwnPropertyDescriptor(gpu, name),
  }));
  for (const [name, value] of Object.entries(watched)) {
    Object.defineProperty(gpu, name, { value, configurable: true });
  }
  return {
    get live() {
      return [...live.values()];
    },
    get bytes() {
      return [...live.keys()].reduce((sum, { size }) => sum + size, 0);
    },
    get buffersMade() {
      return counts.buffers;
    },
    get bindGroupsMade() {
      return counts.bindGroups;
    },
    restore: () => {
      for (const { name, own } of before) {
        Reflect.deleteProperty(gpu, name);
        if (own) Object.defineProperty(gpu, name, own);
      }
    },
  };
}

/** Workgroup dispatches that a device is told of while `run` goes on; those without workgroups do not count. */
export async function countDispatches({ gpu }: Device, run: () => Promise<unknown>): Promise<number> {
  const createCommandEncoder = gpu.createCommandEncoder.bind(gpu);
  let count = 0;
  const value = (descriptor?: GPUCommandEncoderDescriptor): GPUCommandEncoder => {
    const encoder = createCommandEncoder(descriptor);
    const beginComputePass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (passDescriptor) => {
      const pass = beginComputePass(passDescriptor);
      const dispatchWorkgroups = pass.dispatchWorkgroups.bind(pass);
      pass.dispatchWorkgroups = (...grid) => {
        if (grid.every((groups) => groups === undefined || groups > 0)) count++;
        return dispatchWorkgroups(...grid);
      };
      return pass;
    };
    return encoder;
  };
  const own = Object.getOwnPropertyDescriptor(gpu, "createCommandEncoder");
  Object.defineProperty(gpu, "createCommandEncoder", { value, configurable: true });
  try {
    await run();
    return count;
  } finally {
    Reflect.deleteProperty(gpu, "createCommandEncoder");
    if (own) Object.defineProperty(gpu, "createCommandEncoder", own);
  }
}

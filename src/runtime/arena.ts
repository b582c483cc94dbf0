import type { Device } from "./device";
import { describe, OutOfMemoryError, StateError } from "./errors";
import { Tensor, elements, type DType } from "./tensor";

/** Ranges of one buffer start at multiples of this many bytes (the default offset alignment). */
export const alignment = 256;

const usage = (): GPUBufferUsageFlags =>
  GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

const remedy = "lower the batch size, maxlen, units or the size of the vocabulary";

export interface TensorDeclaration {
  label: string;
  shape: readonly number[];
  dtype?: DType;
}

/** Owns GPU memory. Everything allocated from it is freed by one call of {@link Arena.dispose}. */
export class Arena {
  #buffers: GPUBuffer[] = [];
  #disposed = false;

  constructor(
    readonly device: Device,
    readonly label: string,
  ) {}

  /** Bytes held at present. */
  get bytes(): number {
    return this.#buffers.reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /** The largest buffer held at present. */
  get largest(): { label: string; size: number } | undefined {
    return [...this.#buffers].sort((a, b) => b.size - a.size).at(0);
  }

  /** A zero-filled tensor in a buffer of its own. */
  tensor(label: string, shape: readonly number[], dtype: DType = "f32"): Tensor {
    return this.pack(label, [{ label, shape, dtype }])[0];
  }

  /** Zero-filled tensors that share one buffer, each at a multiple of 256 bytes. */
  pack(label: string, declarations: readonly TensorDeclaration[]): Tensor[] {
    const offsets: number[] = [];
    let size = 0;
    const { maxStorageBufferBindingSize } = this.device.limits;
    for (const { label: name, shape } of declarations) {
      const bytes = elements(shape) * 4;
      if (bytes > maxStorageBufferBindingSize) {
        const expected = `at most ${maxStorageBufferBindingSize} bytes in one binding`;
        throw new OutOfMemoryError(
          describe(`memory for ${name} [${shape.join(", ")}]`, expected, String(bytes), remedy),
        );
      }
      offsets.push(size);
      size += Math.ceil(Math.max(1, elements(shape) * 4) / alignment) * alignment;
    }
    const buffer = this.#allocate(label, size);
    return declarations.map(
      ({ label, shape, dtype = "f32" }, i) => new Tensor(label, shape, dtype, buffer, offsets[i]),
    );
  }

  /** A buffer that the CPU can map for reading. */
  readback(label: string, bytes: number): GPUBuffer {
    return this.#create(label, bytes, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
  }

  /** Frees all of it. A second call does nothing. */
  dispose(): void {
    this.#disposed = true;
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers = [];
  }

  #allocate(label: string, size: number): GPUBuffer {
    return this.#create(label, size, usage());
  }

  #create(label: string, size: number, flags: GPUBufferUsageFlags): GPUBuffer {
    if (this.#disposed) {
      throw new StateError(
        describe(`arena ${this.label}`, "a live arena", "a disposed one", "allocate before dispose()"),
      );
    }
    const { maxBufferSize } = this.device.limits;
    if (size > maxBufferSize) {
      throw new OutOfMemoryError(
        describe(`memory for ${label}`, `at most ${maxBufferSize} bytes in one buffer`, `${size}`, remedy),
      );
    }
    const buffer = this.device.gpu.createBuffer({ label: `${this.label}/${label}`, size, usage: flags });
    this.#buffers.push(buffer);
    return buffer;
  }
}

/**
 * Runs what allocates from an arena. Where it fails, all that the arena holds is freed.
 *
 * @throws {OutOfMemoryError} the device has not the memory: names the arena's largest buffer, and the setting to lower.
 * @throws whatever `allocate` throws.
 */
export async function allocated<Result>(arena: Arena, allocate: () => Result): Promise<Result> {
  const { gpu } = arena.device;
  gpu.pushErrorScope("out-of-memory");
  let result: Result | undefined;
  let failure: { error: unknown } | undefined;
  try {
    result = allocate();
  } catch (error) {
    failure = { error };
  }
  const scope = gpu.popErrorScope().catch(() => null);
  const largest = arena.largest;
  const { bytes } = arena;
  if (!failure && !(await scope)) return result as Result;
  arena.dispose();
  if (failure) throw failure.error;
  throw new OutOfMemoryError(
    describe(
      `memory for ${arena.label}`,
      `${bytes} bytes on the device, ${largest?.size ?? 0} of them for ${largest?.label ?? "nothing"}`,
      "an out-of-memory error",
      remedy,
    ),
  );
}

/** Writes values into a tensor, from element `start` on. */
export function write(device: Device, tensor: Tensor, data: Float32Array | Uint32Array, start = 0): void {
  device.gpu.queue.writeBuffer(tensor.buffer, tensor.offset + start * 4, data as BufferSource);
}

/** Reads tensors back to the CPU: one copy each, one wait. For checkpoints and tests, not for the step. */
export async function read(device: Device, tensors: readonly Tensor[]): Promise<Float32Array[]> {
  const size = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  const staging = device.gpu.createBuffer({
    label: "read",
    size: Math.max(4, size),
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  try {
    const encoder = device.gpu.createCommandEncoder({ label: "read" });
    let at = 0;
    for (const tensor of tensors) {
      encoder.copyBufferToBuffer(tensor.buffer, tensor.offset, staging, at, tensor.bytes);
      at += tensor.bytes;
    }
    device.gpu.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const bytes = staging.getMappedRange();
    at = 0;
    return tensors.map((tensor) => {
      const values = new Float32Array(bytes.slice(at, at + tensor.bytes));
      at += tensor.bytes;
      return values;
    });
  } catch (error) {
    device.assertAlive("read");
    throw error;
  } finally {
    staging.destroy();
  }
}

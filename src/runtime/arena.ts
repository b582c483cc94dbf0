import type { Device } from "./device";
import { describe, KernelError, OutOfMemoryError, StateError, TooLargeError } from "./errors";
import { grouped, planBanks, placeOf } from "./banks";
import { Tensor, elements, type DType, type TensorDeclaration } from "./tensor";

const usage = (): GPUBufferUsageFlags =>
  GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

const remedy = "lower the batch size, maxlen, units or the size of the vocabulary";

/** A buffer of which it is not known yet whether the device has the memory for it. */
interface Asked {
  buffer: GPUBuffer;
  /** What lies in it, for messages. */
  declarations: readonly TensorDeclaration[];
  refused: Promise<boolean>;
}

/** Owns GPU memory. Everything allocated from it is freed by one call of {@link Arena.dispose}. */
export class Arena {
  #buffers: GPUBuffer[] = [];
  #asked: Asked[] = [];
  #disposed = false;

  constructor(
    readonly device: Device,
    readonly label: string,
  ) {}

  /** Bytes held at present. */
  get bytes(): number {
    return this.#buffers.reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /** A zero-filled tensor in a buffer of its own. */
  tensor(label: string, shape: readonly number[], dtype: DType = "f32"): Tensor {
    return this.pack(label, [{ label, shape, dtype }])[0];
  }

  /** Zero-filled tensors that share one buffer, each at a multiple of 256 bytes. */
  pack(label: string, declarations: readonly TensorDeclaration[]): Tensor[] {
    if (this.#disposed) {
      throw new StateError(
        describe(`arena ${this.label}`, "a live arena", "a disposed one", "allocate before dispose()"),
      );
    }
    const { gpu, limits } = this.device;
    const offsets: number[] = [];
    let size = 0;
    for (const declaration of declarations) {
      const { shape } = declaration;
      const bytes = elements(shape) * 4;
      checkFits(tensorName(declaration), bytes, limits.maxStorageBufferBindingSize, "binding");
      offsets.push(size);
      size += placeOf(shape);
    }
    checkFits(label, size, limits.maxBufferSize, "buffer");
    const descriptor = { label: `${this.label}/${label}`, size, usage: usage() };
    const { result: buffer, refused } = withMemoryScope(gpu, () => gpu.createBuffer(descriptor));
    this.#buffers.push(buffer);
    this.#asked.push({ buffer, declarations, refused });
    return declarations.map(
      ({ label, shape, dtype = "f32" }, i) => new Tensor(label, shape, dtype, buffer, offsets[i]),
    );
  }

  /**
   * Zero-filled tensors, one behind the other in as few buffers as one binding each allows. What is larger
   * than a binding becomes a tensor in parts.
   */
  banks(label: string, declarations: readonly TensorDeclaration[]): Tensor[] {
    const parts = new Map<TensorDeclaration, Tensor[]>(declarations.map((declaration) => [declaration, []]));
    for (const pieces of planBanks(declarations, this.device.limits.maxStorageBufferBindingSize)) {
      const tensors = this.pack(
        label,
        pieces.map(({ part }) => part),
      );
      pieces.forEach(({ of }, i) => parts.get(of)!.push(tensors[i]));
    }
    return declarations.map((declaration) => {
      const { label, shape, dtype = "f32" } = declaration;
      const own = parts.get(declaration)!;
      const [{ buffer, offset }] = own;
      return own.length === 1 ? own[0] : new Tensor(label, shape, dtype, buffer, offset, own);
    });
  }

  /**
   * Waits until the device has said whether it has the memory for what was asked for since the last call. Where it
   * has not, all of that is freed.
   *
   * @throws {OutOfMemoryError} names the tensor that found no place, its bytes, and the settings to lower.
   */
  async settled(): Promise<void> {
    const asked = this.#asked;
    this.#asked = [];
    const refused = await Promise.all(asked.map((one) => one.refused));
    const first = refused.indexOf(true);
    if (first < 0) return;
    const { buffer, declarations } = asked[first];
    const held = this.bytes - buffer.size;
    for (const one of asked) one.buffer.destroy();
    this.#buffers = this.#buffers.filter((one) => asked.every(({ buffer: freed }) => freed !== one));
    throw refusal(buffer, declarations, `with ${held} bytes of ${this.label} there already`);
  }

  /** Frees all of it. A second call does nothing. */
  dispose(): void {
    this.#disposed = true;
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers = [];
    this.#asked = [];
  }
}

/** Runs what asks the device for memory; `refused` tells whether it had none. */
function withMemoryScope<Result>(
  gpu: GPUDevice,
  ask: () => Result,
): { result: Result; refused: Promise<boolean> } {
  gpu.pushErrorScope("out-of-memory");
  let refused: Promise<boolean>;
  let result: Result;
  try {
    result = ask();
  } finally {
    refused = popError(gpu).then((error) => error !== null);
  }
  return { result, refused };
}

/** The error of the scope that was opened last. A lost device has none: whoever uses it next reports that it is lost. */
const popError = (gpu: GPUDevice): Promise<GPUError | null> => gpu.popErrorScope().catch(() => null);

function checkFits(what: string, bytes: number, most: number, where: string): void {
  if (bytes <= most) return;
  const expected = `at most ${most} bytes in one ${where}`;
  throw new TooLargeError(describe(`memory for ${what}`, expected, String(bytes), remedy));
}

function refusal(
  { label, size }: GPUBuffer,
  declarations: readonly TensorDeclaration[],
  given: string,
): OutOfMemoryError {
  const largest = declarations.toSorted((a, b) => elements(b.shape) - elements(a.shape)).at(0);
  const part = largest ? `, ${elements(largest.shape) * 4} of them for ${tensorName(largest)}` : "";
  const expected = `${size} bytes on the device${part}`;
  return new OutOfMemoryError(
    describe(`memory for ${label}`, expected, `an out-of-memory error ${given}`, remedy),
  );
}

const tensorName = ({ label, shape }: TensorDeclaration): string => `${label} [${shape.join(", ")}]`;

/**
 * Runs what allocates from an arena. Where it fails, all that the arena holds is freed.
 *
 * @throws {OutOfMemoryError} the device has not the memory; see {@link Arena.settled}.
 * @throws whatever `allocate` throws.
 */
export async function allocated<Result>(arena: Arena, allocate: () => Result): Promise<Result> {
  try {
    const result = allocate();
    await arena.settled();
    return result;
  } catch (error) {
    arena.dispose();
    throw error;
  }
}

/** Writes values into a tensor, from element `start` on. */
export function write(device: Device, tensor: Tensor, data: Float32Array | Uint32Array, start = 0): void {
  if (tensor.parts.length === 1) {
    device.gpu.queue.writeBuffer(tensor.buffer, tensor.offset + start * 4, data as BufferSource);
    return;
  }
  // Where the part begins, counted from the first of the values.
  let from = -start;
  for (const part of tensor.parts) {
    const own = data.subarray(Math.max(0, from), Math.max(0, from + part.length));
    if (own.length > 0) write(device, part, own, Math.max(0, -from));
    from += part.length;
  }
}

/**
 * Reads tensors back to the CPU, as they are behind the work submitted so far: a submit for each buffer that it takes,
 * and one wait. For checkpoints and tests, not for the step.
 *
 * @throws {OutOfMemoryError} the device has not the memory for a copy of them.
 * @throws {DeviceLostError} the device is lost.
 */
export async function read(device: Device, tensors: readonly Tensor[]): Promise<Float32Array[]> {
  const values = await readParts(
    device,
    tensors.flatMap(({ parts }) => parts),
  );
  let next = 0;
  return tensors.map(({ parts, length }) => {
    if (parts.length === 1) return values[next++];
    const whole = new Float32Array(length);
    let at = 0;
    for (const part of parts) {
      whole.set(values[next++], at);
      at += part.length;
    }
    return whole;
  });
}

async function readParts(device: Device, tensors: readonly Tensor[]): Promise<Float32Array[]> {
  const { gpu, limits } = device;
  // What is copied into a buffer that was refused is an error of its own, and not the one to tell.
  gpu.pushErrorScope("validation");
  const { result: staged, refused } = withMemoryScope(gpu, () => {
    const groups = grouped(tensors, limits.maxBufferSize, ({ bytes }) => bytes);
    return groups.map((group) => stage(device, group));
  });
  const invalid = popError(gpu);
  try {
    if (await refused) {
      const [largest] = staged.map(({ buffer }) => buffer).sort((a, b) => b.size - a.size);
      throw refusal(largest, [], "while values were read back");
    }
    const error = await invalid;
    if (error) {
      throw new KernelError(`read: expected tensors that can be copied, got ${error.message}; report it`);
    }
    return (await Promise.all(staged.map(({ values }) => values()))).flat();
  } catch (error) {
    device.assertAlive("read");
    throw error;
  } finally {
    for (const { buffer } of staged) buffer.destroy();
  }
}

/** Submits copies of tensors, one behind the other, into a buffer; `values` waits for them. */
function stage(
  device: Device,
  tensors: readonly Tensor[],
): { buffer: GPUBuffer; values: () => Promise<Float32Array[]> } {
  let size = 0;
  const ranges = tensors.map(({ bytes }) => [size, (size += bytes)] as const);
  const buffer = device.gpu.createBuffer({
    label: "read",
    size: Math.max(4, size),
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  device.submit("read", (encoder) => {
    tensors.forEach((tensor, i) => {
      encoder.copyBufferToBuffer(tensor.buffer, tensor.offset, buffer, ranges[i][0], tensor.bytes);
    });
  });
  return {
    buffer,
    async values() {
      await buffer.mapAsync(GPUMapMode.READ);
      const bytes = buffer.getMappedRange();
      return ranges.map((range) => new Float32Array(bytes.slice(...range)));
    },
  };
}

import type { Device } from "./device";
import { describe, KernelError, OutOfMemoryError, StateError, TooLargeError } from "./errors";
import { grouped, planBanks, placeOf } from "./banks";
import { PartedTensor, Tensor, elements, type DType, type TensorDeclaration } from "./tensor";

const usage = (): GPUBufferUsageFlags =>
  GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

const remedy = "lower the batch size, maxlen, units or the size of the vocabulary";

/** A buffer of which it is not known yet whether the device has the memory for it. */
interface Asked {
  buffer: GPUBuffer;
  /** What takes most of it, for messages. */
  largest: TensorDeclaration | undefined;
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
    const offsets: number[] = [];
    let size = 0;
    const { maxStorageBufferBindingSize } = this.device.limits;
    for (const { label: name, shape } of declarations) {
      const bytes = elements(shape) * 4;
      if (bytes > maxStorageBufferBindingSize) {
        const expected = `at most ${maxStorageBufferBindingSize} bytes in one binding`;
        const tensor = tensorName({ label: name, shape });
        throw new TooLargeError(describe(`memory for ${tensor}`, expected, String(bytes), remedy));
      }
      offsets.push(size);
      size += placeOf(shape);
    }
    const buffer = this.#create(label, size, largestOf(declarations));
    return declarations.map(
      ({ label, shape, dtype = "f32" }, i) => new Tensor(label, shape, dtype, buffer, offsets[i]),
    );
  }

  /**
   * Zero-filled tensors, one behind the other in as few buffers as one binding each allows. A matrix that is larger
   * than a binding becomes a {@link PartedTensor}.
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
      const { shape, dtype = "f32" } = declaration;
      const own = parts.get(declaration)!;
      return own.length === 1 ? own[0] : new PartedTensor(declaration.label, shape, dtype, own);
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
    const { buffer, largest } = asked[first];
    const held = this.bytes - buffer.size;
    for (const one of asked) one.buffer.destroy();
    this.#buffers = this.#buffers.filter((one) => asked.every(({ buffer: freed }) => freed !== one));
    throw refusal(buffer, largest, `with ${held} bytes of ${this.label} there already`);
  }

  /** Frees all of it. A second call does nothing. */
  dispose(): void {
    this.#disposed = true;
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers = [];
    this.#asked = [];
  }

  #create(label: string, size: number, largest?: TensorDeclaration): GPUBuffer {
    if (this.#disposed) {
      throw new StateError(
        describe(`arena ${this.label}`, "a live arena", "a disposed one", "allocate before dispose()"),
      );
    }
    const { maxBufferSize } = this.device.limits;
    if (size > maxBufferSize) {
      throw new TooLargeError(
        describe(`memory for ${label}`, `at most ${maxBufferSize} bytes in one buffer`, `${size}`, remedy),
      );
    }
    const descriptor = { label: `${this.label}/${label}`, size, usage: usage() };
    const { result: buffer, refused } = withMemoryScope(this.device, () =>
      this.device.gpu.createBuffer(descriptor),
    );
    this.#buffers.push(buffer);
    this.#asked.push({ buffer, largest, refused });
    return buffer;
  }
}

/** Runs what asks the device for memory; `refused` tells whether it had none. */
function withMemoryScope<Result>(
  { gpu }: Device,
  ask: () => Result,
): { result: Result; refused: Promise<boolean> } {
  gpu.pushErrorScope("out-of-memory");
  let scope: Promise<GPUError | null> | undefined;
  try {
    const result = ask();
    // A lost device refuses nothing: whoever uses it next reports that it is lost.
    scope = gpu.popErrorScope().catch(() => null);
    return { result, refused: scope.then((error) => error !== null) };
  } finally {
    if (!scope) void gpu.popErrorScope().catch(() => null);
  }
}

function largestOf(declarations: readonly TensorDeclaration[]): TensorDeclaration | undefined {
  return declarations.toSorted((a, b) => elements(b.shape) - elements(a.shape)).at(0);
}

function refusal(
  { label, size }: GPUBuffer,
  largest: TensorDeclaration | undefined,
  given: string,
): OutOfMemoryError {
  const part = largest ? `, ${elements(largest.shape) * 4} of them for ${tensorName(largest)}` : "";
  return new OutOfMemoryError(
    describe(
      `memory for ${label}`,
      `${size} bytes on the device${part}`,
      `an out-of-memory error ${given}`,
      remedy,
    ),
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

/** Tensors that are read back through one buffer. */
interface Staged {
  buffer: GPUBuffer;
  /** In the order in which they lie there. */
  tensors: Tensor[];
}

/**
 * Reads tensors back to the CPU, as they are behind the work submitted so far: one submit, one wait. For checkpoints
 * and tests, not for the step.
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
  const staged: Staged[] = [];
  // What is copied into a buffer that was refused is an error of its own, and not the one to tell.
  device.gpu.pushErrorScope("validation");
  const { refused } = withMemoryScope(device, () => {
    for (const group of grouped(tensors, device.limits.maxBufferSize, ({ bytes }) => bytes)) {
      staged.push(stage(device, group));
    }
    device.submit("read", (encoder) => {
      for (const one of staged) copyInto(encoder, one);
    });
  });
  const invalid = device.gpu.popErrorScope().catch(() => null);
  try {
    if (await refused) throw refusal(largestBuffer(staged), undefined, "while values were read back");
    const error = await invalid;
    if (error)
      throw new KernelError(`read: expected tensors that can be copied, got ${error.message}; report it`);
    return (await Promise.all(staged.map(valuesOf))).flat();
  } catch (error) {
    device.assertAlive("read");
    throw error;
  } finally {
    for (const { buffer } of staged) buffer.destroy();
  }
}

const bytesOf = (tensors: readonly Tensor[]): number => tensors.reduce((sum, { bytes }) => sum + bytes, 0);

function stage({ gpu }: Device, tensors: Tensor[]): Staged {
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
  const buffer = gpu.createBuffer({ label: "read", size: Math.max(4, bytesOf(tensors)), usage });
  return { buffer, tensors };
}

function largestBuffer(staged: readonly Staged[]): GPUBuffer {
  return staged.toSorted((a, b) => b.buffer.size - a.buffer.size)[0].buffer;
}

function copyInto(encoder: GPUCommandEncoder, { buffer, tensors }: Staged): void {
  let at = 0;
  for (const tensor of tensors) {
    encoder.copyBufferToBuffer(tensor.buffer, tensor.offset, buffer, at, tensor.bytes);
    at += tensor.bytes;
  }
}

async function valuesOf({ buffer, tensors }: Staged): Promise<Float32Array[]> {
  await buffer.mapAsync(GPUMapMode.READ);
  const bytes = buffer.getMappedRange();
  let at = 0;
  return tensors.map((tensor) => {
    const values = new Float32Array(bytes.slice(at, at + tensor.bytes));
    at += tensor.bytes;
    return values;
  });
}

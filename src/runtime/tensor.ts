import { describe, KernelError } from "./errors";

/** Ranges of one buffer start at multiples of this many bytes (the default offset alignment). */
export const alignment = 256;

export type DType = "f32" | "u32";

export interface TensorDeclaration {
  label: string;
  shape: readonly number[];
  dtype?: DType;
}

/** A shaped range of a GPU buffer. Elements are four bytes; the layout is row-major. */
export class Tensor {
  constructor(
    readonly label: string,
    readonly shape: readonly number[],
    readonly dtype: DType,
    readonly buffer: GPUBuffer,
    /** Where the range starts in the buffer, in bytes; a multiple of 256. */
    readonly offset: number,
  ) {}

  /**
   * What a kernel may bind of it: itself, or of a tensor that is larger than one binding its parts, each some whole
   * rows, in their order and in buffers of their own.
   */
  get parts(): readonly Tensor[] {
    return [this];
  }

  /** Number of elements. */
  get length(): number {
    return elements(this.shape);
  }

  get bytes(): number {
    return this.length * 4;
  }

  /** What a bind group binds: the range, at least four bytes long. */
  get binding(): GPUBufferBinding {
    return { buffer: this.buffer, offset: this.offset, size: Math.max(4, this.bytes) };
  }

  /** The range as whole 16-byte vectors, for bindings declared as arrays of `vec4f`. */
  get paddedBinding(): GPUBufferBinding {
    return { buffer: this.buffer, offset: this.offset, size: Math.max(16, Math.ceil(this.bytes / 16) * 16) };
  }

  /** The same memory under another label and shape of no more elements, from element `start` on. */
  view(label: string, shape: readonly number[], start = 0): Tensor {
    if (start + elements(shape) > this.length) {
      throw new KernelError(
        describe(
          `tensor ${this.label}`,
          `a view within ${this.length} elements`,
          `[${shape.join(", ")}] from ${start}`,
          "allocate a larger tensor",
        ),
      );
    }
    return new Tensor(label, shape, this.dtype, this.buffer, this.offset + start * 4);
  }

  toString(): string {
    return `${this.label}: ${this.dtype}[${this.shape.join(", ")}]`;
  }
}

/** A tensor that lies in several buffers, since one binding cannot hold it. Kernels bind its parts one by one. */
export class PartedTensor extends Tensor {
  readonly #parts: readonly Tensor[];

  constructor(label: string, shape: readonly number[], dtype: DType, parts: readonly Tensor[]) {
    super(label, shape, dtype, parts[0].buffer, parts[0].offset);
    this.#parts = parts;
  }

  override get parts(): readonly Tensor[] {
    return this.#parts;
  }

  override get binding(): GPUBufferBinding {
    return this.#refuse();
  }

  override get paddedBinding(): GPUBufferBinding {
    return this.#refuse();
  }

  override view(): Tensor {
    return this.#refuse();
  }

  #refuse(): never {
    const { label, parts } = this;
    throw new KernelError(
      describe(`tensor ${label}`, "a tensor in one buffer", `one in ${parts.length} parts`, "use its parts"),
    );
  }
}

/** Number of elements of a shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

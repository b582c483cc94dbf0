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
  readonly #parts: readonly Tensor[];

  /** @param parts where one binding cannot hold it: it lies in several buffers, and kernels bind its parts one by one */
  constructor(
    readonly label: string,
    readonly shape: readonly number[],
    readonly dtype: DType,
    readonly buffer: GPUBuffer,
    /** Where the range starts in the buffer, in bytes; a multiple of 256. */
    readonly offset: number,
    parts?: readonly Tensor[],
  ) {
    this.#parts = parts ?? [this];
  }

  /**
   * What a kernel may bind of it: itself, or of a tensor that is larger than one binding its parts, each some whole
   * rows, in their order and in buffers of their own.
   */
  get parts(): readonly Tensor[] {
    return this.#parts;
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
    return this.#whole(4);
  }

  /** The range as whole 16-byte vectors, for bindings declared as arrays of `vec4f`. */
  get paddedBinding(): GPUBufferBinding {
    return this.#whole(16);
  }

  /** The same memory under another label and shape of no more elements, from element `start` on. */
  view(label: string, shape: readonly number[], start = 0): Tensor {
    const { offset } = this.#whole(4);
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
    return new Tensor(label, shape, this.dtype, this.buffer, offset + start * 4);
  }

  /** The range in words of so many bytes, at least one. */
  #whole(word: number): Required<GPUBufferBinding> {
    const { label, buffer, offset, bytes } = this;
    const { length } = this.#parts;
    if (length > 1) {
      throw new KernelError(
        describe(`tensor ${label}`, "a tensor in one buffer", `one in ${length} parts`, "use its parts"),
      );
    }
    return { buffer, offset, size: Math.max(1, Math.ceil(bytes / word)) * word };
  }

  toString(): string {
    return `${this.label}: ${this.dtype}[${this.shape.join(", ")}]`;
  }
}

/** Number of elements of a shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

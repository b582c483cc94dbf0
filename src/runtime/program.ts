import type { Device } from "./device";
import { Kernel, type KernelDeclaration } from "./kernel";
import type { Tensor } from "./tensor";

/** Workgroups in x, y and z. */
export type Grid = readonly [number, number?, number?];

/** What one run of the program is about; grids follow from it. */
export type GridOf<Sizes> = (sizes: Sizes) => Grid;

/** Sets a tensor to zeros. */
interface Clear {
  clear: Tensor;
  label: string;
  text: string;
}

interface Dispatch<Sizes> {
  kernel: Kernel;
  label: string;
  group: GPUBindGroup;
  grid: GridOf<Sizes>;
  text: string;
}

const limit = 65_535;

/** A grid for `count` workgroups in one row, folded into rows of 65,535 where one is too short. */
export function workgroups(count: number): Grid {
  return count <= limit ? [count] : [limit, Math.ceil(count / limit)];
}

function workgroupsOf([x, y = 1, z = 1]: Grid): number {
  return x * y * z;
}

/**
 * A recorded list of dispatches: what runs, apart from who runs it and when. Recording allocates (bind
 * groups); running does not.
 */
export class Program<Sizes> {
  readonly #steps: (Dispatch<Sizes> | Clear)[] = [];
  readonly #pipelines = new Map<Kernel, GPUComputePipeline>();
  #sizesOf: ((sizes: Sizes) => Sizes) | undefined;

  constructor(
    readonly device: Device,
    readonly label: string,
  ) {}

  /** Adds a dispatch of the declared kernel over the named tensors. A grid of 0 workgroups is left out. */
  dispatch(
    declaration: KernelDeclaration,
    tensors: Readonly<Record<string, Tensor>>,
    grid: GridOf<Sizes>,
  ): this {
    const kernel = Kernel.of(this.device, declaration);
    const text = Object.entries(tensors).map(([name, tensor]) => `${name} <- ${tensor.toString()}`);
    const sizesOf = this.#sizesOf;
    this.#steps.push({
      kernel,
      label: kernel.label,
      group: kernel.bind(tensors),
      grid: sizesOf ? (sizes) => grid(sizesOf(sizes)) : grid,
      text: `${kernel.label}\n    ${text.join("\n    ")}`,
    });
    return this;
  }

  /** Adds what `record` adds, its grids following from `sizesOf(sizes)`; also inside another call. */
  within(sizesOf: (sizes: Sizes) => Sizes, record: () => void): this {
    const before = this.#sizesOf;
    this.#sizesOf = before ? (sizes) => sizesOf(before(sizes)) : sizesOf;
    try {
      record();
    } finally {
      this.#sizesOf = before;
    }
    return this;
  }

  /** Adds a step that sets a tensor to zeros. */
  clear(tensor: Tensor): this {
    const label = `clear<tensor=${tensor.label} bytes=${tensor.bytes}>`;
    this.#steps.push({ clear: tensor, label, text: `clear ${tensor.toString()}` });
    return this;
  }

  /** Number of dispatches in one run. */
  get length(): number {
    return this.#dispatches.length;
  }

  get #dispatches(): Dispatch<Sizes>[] {
    return this.#steps.filter((step) => "kernel" in step);
  }

  /** Waits until every pipeline is compiled; they compile side by side. */
  async ready(): Promise<this> {
    const kernels = this.#dispatches.map(({ kernel }) => kernel);
    const pipelines = await Promise.all(kernels.map((kernel) => kernel.pipeline));
    kernels.forEach((kernel, i) => this.#pipelines.set(kernel, pipelines[i]));
    return this;
  }

  /** Puts one run into a command encoder. */
  encode(encoder: GPUCommandEncoder, sizes: Sizes): void {
    let pass: GPUComputePassEncoder | undefined;
    for (const step of this.#steps) {
      if ("clear" in step) {
        pass?.end();
        pass = undefined;
        encoder.clearBuffer(step.clear.buffer, step.clear.offset, step.clear.bytes);
        continue;
      }
      const grid = step.grid(sizes);
      if (workgroupsOf(grid) === 0) continue;
      pass ??= encoder.beginComputePass({ label: this.label });
      this.#dispatch(pass, step, grid, 1);
    }
    pass?.end();
  }

  #dispatch(
    pass: GPUComputePassEncoder,
    { kernel, group }: Dispatch<Sizes>,
    grid: Grid,
    times: number,
  ): void {
    pass.setPipeline(this.#pipelines.get(kernel)!);
    pass.setBindGroup(0, group);
    for (let i = 0; i < times; i++) pass.dispatchWorkgroups(...grid);
  }

  /** Runs once, in a submit of its own. */
  run(sizes: Sizes): void {
    this.device.submit(this.label, (encoder) => {
      this.encode(encoder, sizes);
    });
  }

  /** Names of the steps, with the constants of their kernels' variants; a tensor set to zeros is a step. */
  get labels(): string[] {
    return this.#steps.map(({ label }) => label);
  }

  /**
   * Puts one run into a command encoder, every step in a pass of its own between two time stamps: those of step i
   * are the queries 2i and 2i + 1. A step without workgroups has both, one right after the other.
   *
   * @param querySet time stamps, two for each of {@link labels}
   */
  encodeStamped(encoder: GPUCommandEncoder, sizes: Sizes, querySet: GPUQuerySet): void {
    for (let i = 0; i < this.#steps.length; i++) {
      const stamps = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
      this.encodeOne(encoder, i, sizes, 1, stamps);
    }
  }

  /** Whether a step has nothing to do at these sizes. */
  isEmpty(index: number, sizes: Sizes): boolean {
    const step = this.#steps[index];
    return !("clear" in step) && workgroupsOf(step.grid(sizes)) === 0;
  }

  /** Puts one step into a command encoder, `times` over: for measuring it by itself. */
  encodeOne(
    encoder: GPUCommandEncoder,
    index: number,
    sizes: Sizes,
    times: number,
    timestamps?: GPUComputePassTimestampWrites,
  ): void {
    const step = this.#steps[index];
    if ("clear" in step) return this.#encodeClears(encoder, step.clear, times, timestamps);
    const grid = step.grid(sizes);
    const pass = encoder.beginComputePass({ label: this.label, timestampWrites: timestamps });
    if (workgroupsOf(grid) > 0) this.#dispatch(pass, step, grid, times);
    pass.end();
  }

  /** Only passes write time stamps, so an empty one stands before and after. */
  #encodeClears(
    encoder: GPUCommandEncoder,
    { buffer, offset, bytes }: Tensor,
    times: number,
    timestamps: GPUComputePassTimestampWrites | undefined,
  ): void {
    const stamp = (writes: Omit<GPUComputePassTimestampWrites, "querySet">): void => {
      if (!timestamps) return;
      const { querySet } = timestamps;
      encoder.beginComputePass({ label: this.label, timestampWrites: { querySet, ...writes } }).end();
    };
    stamp({ beginningOfPassWriteIndex: timestamps?.beginningOfPassWriteIndex });
    for (let i = 0; i < times; i++) encoder.clearBuffer(buffer, offset, bytes);
    stamp({ endOfPassWriteIndex: timestamps?.endOfPassWriteIndex });
  }

  /** The program as text: each dispatch with the tensors it is bound to. */
  toString(): string {
    return [
      `program ${this.label}`,
      ...this.#steps.map(({ text }, i) => `${String(i + 1).padStart(2)}. ${text}`),
    ].join("\n");
  }
}

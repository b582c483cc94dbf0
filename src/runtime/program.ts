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
  text: string;
}

interface Dispatch<Sizes> {
  kernel: Kernel;
  group: GPUBindGroup;
  grid: GridOf<Sizes>;
  text: string;
}

const limit = 65_535;

/** A grid for `count` workgroups in one row, folded into rows of 65,535 where one is too short. */
export function workgroups(count: number): Grid {
  return count <= limit ? [count] : [limit, Math.ceil(count / limit)];
}

/**
 * A recorded list of dispatches: what runs, apart from who runs it and when. Recording allocates (bind
 * groups); running does not.
 */
export class Program<Sizes> {
  readonly #steps: (Dispatch<Sizes> | Clear)[] = [];
  readonly #pipelines = new Map<Kernel, GPUComputePipeline>();

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
    this.#steps.push({
      kernel,
      group: kernel.bind(tensors),
      grid,
      text: `${kernel.label}\n    ${text.join("\n    ")}`,
    });
    return this;
  }

  /** Adds a step that sets a tensor to zeros. */
  clear(tensor: Tensor): this {
    this.#steps.push({ clear: tensor, text: `clear ${tensor.toString()}` });
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
      const [x, y = 1, z = 1] = step.grid(sizes);
      if (x * y * z === 0) continue;
      pass ??= encoder.beginComputePass({ label: this.label });
      pass.setPipeline(this.#pipelines.get(step.kernel)!);
      pass.setBindGroup(0, step.group);
      pass.dispatchWorkgroups(x, y, z);
    }
    pass?.end();
  }

  /** Runs once, in a submit of its own. */
  run(sizes: Sizes): void {
    const encoder = this.device.gpu.createCommandEncoder({ label: this.label });
    this.encode(encoder, sizes);
    this.device.gpu.queue.submit([encoder.finish()]);
  }

  /** Names of the dispatches, with the constants of their variants. */
  get labels(): string[] {
    return this.#dispatches.map(({ kernel }) => kernel.label);
  }

  /** Puts one dispatch into a command encoder, `times` over: for measuring it by itself. */
  encodeOne(
    encoder: GPUCommandEncoder,
    index: number,
    sizes: Sizes,
    times: number,
    timestamps?: GPUComputePassTimestampWrites,
  ): void {
    const { kernel, group, grid } = this.#dispatches[index];
    const [x, y = 1, z = 1] = grid(sizes);
    const pass = encoder.beginComputePass({ label: this.label, timestampWrites: timestamps });
    pass.setPipeline(this.#pipelines.get(kernel)!);
    pass.setBindGroup(0, group);
    for (let i = 0; i < times; i++) pass.dispatchWorkgroups(x, y, z);
    pass.end();
  }

  /** The program as text: each dispatch with the tensors it is bound to. */
  toString(): string {
    return [
      `program ${this.label}`,
      ...this.#steps.map(({ text }, i) => `${String(i + 1).padStart(2)}. ${text}`),
    ].join("\n");
  }
}

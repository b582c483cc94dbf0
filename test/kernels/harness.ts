/**
 * Runs one kernel by itself: inputs with poison behind them, outputs filled with NaN and with guard words
 * behind them. No test framework, so the same cases run in Node and in browser pages.
 */
import type { SizedKernel } from "../../src/kernels/shared/frame";
import { noStep, packStep, stepWords, type StepValues } from "../../src/kernels/shared/step";
import { Arena, read, write } from "../../src/runtime/arena";
import type { Device } from "../../src/runtime/device";
import { Program } from "../../src/runtime/program";
import type { Tensor } from "../../src/runtime/tensor";
import { withValidation } from "../runtime/validation";
import { assertClose, assertEqual, assertTrue, type Tolerance } from "../support/assert";

/** One kernel test; it throws where it fails. */
export interface KernelCase {
  readonly name: string;
  readonly run: (device: Device) => Promise<void>;
}

/** Elements of a tensor. Where a number stands for an output, it is its length, filled with NaN. */
export type Values = Float32Array | Uint32Array;

/** What a kernel is run on, by the names of its bindings; `step` is bound if it is declared. */
export interface KernelRun {
  sizes?: Partial<StepValues>;
  inputs?: Record<string, ArrayLike<number>>;
  /** Lengths, or values where the kernel updates them or leaves some as they are. */
  outputs: Record<string, number | ArrayLike<number>>;
}

/** A NaN that no arithmetic makes: behind the data it must stay, inside it must be gone. */
const poison = 0x7fc0dead;
const guardWords = 64;

/** A case that runs under validation. */
export function kernelCase(name: string, run: (device: Device) => Promise<void>): KernelCase {
  return { name, run: (device) => withValidation(device, () => run(device)) };
}

/**
 * Runs a kernel once.
 *
 * @returns the outputs by name, without their guards
 * @throws {AssertionFailure} the kernel wrote behind an output
 */
export async function runKernel(
  device: Device,
  kernel: SizedKernel,
  run: KernelRun,
): Promise<Record<string, Values>> {
  const arena = new Arena(device, `test ${kernel.name}`);
  const sizes = { ...noStep, ...run.sizes };
  try {
    const tensors: Record<string, Tensor> = {};
    for (const [name, values] of Object.entries({ ...run.inputs, ...run.outputs })) {
      const { type } = kernel.bindings[name] ?? { type: "array<f32>" };
      tensors[name] = upload(arena, name, isWhole(type), values);
    }
    if ("step" in kernel.bindings) tensors.step = stepTensor(arena, sizes);
    const program = new Program<StepValues>(device, kernel.name);
    await program.dispatch(kernel, tensors, kernel.grid).ready();
    program.run(sizes);
    return await download(
      device,
      Object.keys(run.outputs).map((name) => [name, tensors[name]]),
    );
  } finally {
    arena.dispose();
  }
}

/** Puts values on the device with guard words behind them. */
export function upload(
  arena: Arena,
  name: string,
  whole: boolean,
  values: number | ArrayLike<number>,
): Tensor {
  const length = typeof values === "number" ? values : values.length;
  const words = new Uint32Array(length + guardWords).fill(poison);
  if (typeof values !== "number") {
    const view = whole ? words : new Float32Array(words.buffer);
    view.set(values);
  }
  const tensor = arena.tensor(name, [words.length], whole ? "u32" : "f32");
  write(arena.device, tensor, words);
  return tensor;
}

/** The values of tensors made by `upload`, after a look at their guards. */
export async function download(
  device: Device,
  tensors: readonly (readonly [string, Tensor])[],
): Promise<Record<string, Values>> {
  const values = await read(
    device,
    tensors.map(([, tensor]) => tensor),
  );
  return Object.fromEntries(
    tensors.map(([name, tensor], i) => {
      const words = new Uint32Array(values[i].buffer);
      const length = words.length - guardWords;
      const hit = words.subarray(length).findIndex((word) => word !== poison);
      assertTrue(hit < 0, `${name}: expected nothing behind its ${length} elements, got a write at ${hit}`);
      const whole = tensor.dtype === "u32";
      return [name, whole ? words.subarray(0, length) : values[i].subarray(0, length)];
    }),
  );
}

export function stepTensor(arena: Arena, sizes: StepValues): Tensor {
  const tensor = arena.tensor("step", [stepWords], "u32");
  const words = new Uint32Array(stepWords);
  packStep(sizes, words);
  write(arena.device, tensor, words);
  return tensor;
}

/** Compares named outputs with what is expected of each: whole numbers exactly, others within the tolerance. */
export function assertOutputs(
  actual: Record<string, Values>,
  expected: Record<string, ArrayLike<number>>,
  tolerance: Tolerance,
): void {
  for (const [name, values] of Object.entries(expected)) {
    const found = actual[name];
    if (found instanceof Uint32Array) assertEqual([...found], Array.from(values), name);
    else assertClose(found, values, tolerance, name);
  }
}

const isWhole = (type: string): boolean =>
  ["u32", "vec2u", "Segment", "Move"].some((whole) => type.includes(whole));

/** Segments as the kernels read them, one after another from row 0: (row, steps, tokens, origin). */
export function segmentWordsOf(lengths: readonly number[]): { segments: Uint32Array; rows: number } {
  let row = 0;
  const words = lengths.flatMap((steps) => {
    const segment = [row, steps, 0, 0xffff_ffff];
    row += steps + 1;
    return segment;
  });
  return { segments: Uint32Array.from(words), rows: row };
}

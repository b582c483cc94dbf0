import type { Device } from "./device";
import type { Program } from "./program";

/** How long one step of a program takes. */
export interface KernelTime {
  /** The kernel with the constants of its variant, or the tensor set to zeros, as {@link Program.labels} has it. */
  label: string;
  /** Median over the rounds, one dispatch. */
  milliseconds: number;
  /** Dispatches between a pair of time stamps; 0 where the step has no workgroups and nothing was measured. */
  repetitions: number;
}

export interface ProfileOptions {
  /** Rounds of which the median counts. Default 5. */
  rounds?: number;
  /** Milliseconds that the dispatches between two time stamps should take together. Default 20. */
  window?: number;
}

/** Puts work into an encoder, `times` over, with the time stamps around it where they are given. */
export type Encode = (
  encoder: GPUCommandEncoder,
  times: number,
  timestamps?: GPUComputePassTimestampWrites,
) => void;

/**
 * A browser rounds time stamps to 100 µs, so at least this many times that must pass between two of them for
 * the rounding to stay below one in a hundred.
 */
const leastWindow = 10;
/** No submit takes longer than this: some systems end a submit after two seconds, and others look frozen. */
const mostWindow = 250;
const mostRepetitions = 10_000;

/**
 * Measures work on a device: by the GPU's own time stamps where it has them, otherwise by the clock from
 * submit to end, less what an empty submit takes. The work is repeated until it takes `window` milliseconds.
 *
 * @returns milliseconds of one repetition, the median over the rounds
 */
export async function measure(
  device: Device,
  encode: Encode,
  options: ProfileOptions = {},
): Promise<{ milliseconds: number; repetitions: number }> {
  return using(device, (stopwatch) => stopwatch.measure(encode, options));
}

/**
 * Measures each step of a program by itself, repeated on the data that lies in its tensors: run the program
 * once before, so that they hold what they hold in use. What a kernel writes it writes again and again; kernels
 * that add to their own output run on, so treat the tensors as spoilt afterwards.
 *
 * @param sizes the program's sizes, as `run` takes them
 * @returns a line for each step, in the program's order; 0 milliseconds where it has no workgroups
 * @throws {DeviceLostError} the device is gone.
 * @example
 * for (const { label, milliseconds } of await profileProgram(device, program, sizes)) {
 *   console.log(label, milliseconds);
 * }
 */
export async function profileProgram<Sizes>(
  device: Device,
  program: Program<Sizes>,
  sizes: Sizes,
  options: ProfileOptions = {},
): Promise<KernelTime[]> {
  return using(device, async (stopwatch) => {
    const times: KernelTime[] = [];
    for (const [index, label] of program.labels.entries()) {
      if (program.isEmpty(index, sizes)) {
        times.push({ label, milliseconds: 0, repetitions: 0 });
        continue;
      }
      const time = await stopwatch.measure(
        (encoder, repetitions, timestamps) =>
          program.encodeOne(encoder, index, sizes, repetitions, timestamps),
        options,
      );
      times.push({ label, ...time });
    }
    return times;
  });
}

/** Which clock {@link measure} reads on a device. */
export function clockOf(device: Device): "time stamps" | "wall clock" {
  return device.gpu.features.has("timestamp-query") ? "time stamps" : "wall clock";
}

async function using<Result>(
  device: Device,
  run: (stopwatch: Stopwatch) => Promise<Result>,
): Promise<Result> {
  const stopwatch = new Stopwatch(device);
  try {
    return await run(stopwatch);
  } finally {
    stopwatch.dispose();
  }
}

/** Measures one piece of work after the other with the same query set and buffers. */
class Stopwatch {
  readonly #device: Device;
  readonly #queries: GPUQuerySet | undefined;
  readonly #resolved: GPUBuffer | undefined;
  readonly #readback: GPUBuffer | undefined;

  constructor(device: Device) {
    this.#device = device;
    if (clockOf(device) === "wall clock") return;
    const { gpu } = device;
    this.#queries = gpu.createQuerySet({ label: "profiler", type: "timestamp", count: 2 });
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const size = 2 * BigUint64Array.BYTES_PER_ELEMENT;
    this.#resolved = gpu.createBuffer({ label: "profiler", size, usage: QUERY_RESOLVE | COPY_SRC });
    this.#readback = gpu.createBuffer({ label: "profiler", size, usage: COPY_DST | MAP_READ });
  }

  async measure(
    encode: Encode,
    { rounds = 5, window = 20 }: ProfileOptions,
  ): Promise<{ milliseconds: number; repetitions: number }> {
    const wanted = Math.min(mostWindow, Math.max(leastWindow, window));
    await this.#once(encode, 1);
    let repetitions = 1;
    let begin = performance.now();
    let took = await this.#once(encode, repetitions);
    // One look is not enough where a single dispatch takes less than the clock can tell. The second clock ends
    // it where the time stamps do not enclose the work.
    while (took < wanted / 2 && repetitions < mostRepetitions && performance.now() - begin < mostWindow) {
      const factor = Math.min(10, Math.max(2, wanted / Math.max(took, wanted / 10)));
      repetitions = Math.min(mostRepetitions, Math.ceil(repetitions * factor));
      begin = performance.now();
      took = await this.#once(encode, repetitions);
    }
    const times = [took];
    while (times.length < rounds) times.push(await this.#once(encode, repetitions));
    times.sort((a, b) => a - b);
    return { milliseconds: times[times.length >> 1] / repetitions, repetitions };
  }

  dispose(): void {
    this.#queries?.destroy();
    this.#resolved?.destroy();
    this.#readback?.destroy();
  }

  async #once(encode: Encode, times: number): Promise<number> {
    return this.#queries ? this.#byTimestamps(encode, times) : this.#byClock(encode, times);
  }

  async #byTimestamps(encode: Encode, times: number): Promise<number> {
    const { gpu } = this.#device;
    const querySet = this.#queries!;
    const encoder = gpu.createCommandEncoder({ label: "profiler" });
    encode(encoder, times, { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 });
    encoder.resolveQuerySet(querySet, 0, 2, this.#resolved!, 0);
    encoder.copyBufferToBuffer(this.#resolved!, 0, this.#readback!, 0, this.#readback!.size);
    gpu.queue.submit([encoder.finish()]);
    try {
      await this.#readback!.mapAsync(GPUMapMode.READ);
    } catch (error) {
      this.#device.assertAlive("profiler");
      throw error;
    }
    const [begin, end] = new BigUint64Array(this.#readback!.getMappedRange());
    this.#readback!.unmap();
    return Number(end - begin) / 1e6;
  }

  async #byClock(encode: Encode, times: number): Promise<number> {
    const empty = await this.#submit(() => undefined);
    const full = await this.#submit((encoder) => encode(encoder, times));
    this.#device.assertAlive("profiler");
    return Math.max(0, full - empty);
  }

  async #submit(encode: (encoder: GPUCommandEncoder) => void): Promise<number> {
    const encoder = this.#device.gpu.createCommandEncoder({ label: "profiler" });
    encode(encoder);
    const begin = performance.now();
    this.#device.gpu.queue.submit([encoder.finish()]);
    await this.#device.idle();
    return performance.now() - begin;
  }
}

import type { Device } from "./device";
import type { Program } from "./program";

/** How long the steps of one run took on the GPU. */
export interface ProgramSample {
  /** From the begin of the first step to the end of the last. */
  milliseconds: number;
  /** In the program's order. */
  steps: StepSample[];
}

/** One step of a sampled run. */
export interface StepSample {
  /** The kernel's name, or `clear`. */
  kernel: string;
  /** The kernel with the constants of its variant, as `Program.labels` has it. */
  label: string;
  milliseconds: number;
}

export interface SamplerOptions {
  /** Milliseconds between two samples, at least. Default 1,000. */
  interval?: number;
  /** Called with each sample, some milliseconds after the run that it is of. */
  onSample: (sample: ProgramSample) => void;
}

/** A query set holds at most so many time stamps. */
const mostQueries = 4096;

/**
 * Takes the time of a program's steps while it is in use: every now and then a run has each step in a pass of
 * its own, between two time stamps. All other runs are as they would be without it. A browser rounds time stamps
 * to 100 µs, up or down alike, so show the mean of several samples.
 *
 * @example
 * const sampler = ProgramSampler.of(device, program, { onSample: ({ steps }) => show(steps) });
 * // In place of program.encode(encoder, sizes):
 * if (sampler) sampler.encode(encoder, sizes);
 * else program.encode(encoder, sizes);
 * device.gpu.queue.submit([encoder.finish()]);
 * sampler?.submitted();
 */
export class ProgramSampler<Sizes> {
  readonly #program: Program<Sizes>;
  readonly #options: SamplerOptions;
  readonly #labels: readonly string[];
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #readback: GPUBuffer;
  #last = -Infinity;
  /** Between a sampled run's encoding and the arrival of its times there is no other. */
  #state: "idle" | "encoded" | "reading" | "disposed" = "idle";

  private constructor(device: Device, program: Program<Sizes>, options: SamplerOptions) {
    this.#program = program;
    this.#options = options;
    this.#labels = program.labels;
    const { gpu } = device;
    const count = 2 * this.#labels.length;
    const size = count * BigUint64Array.BYTES_PER_ELEMENT;
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    this.#queries = gpu.createQuerySet({ label: "sampler", type: "timestamp", count });
    this.#resolved = gpu.createBuffer({ label: "sampler", size, usage: QUERY_RESOLVE | COPY_SRC });
    this.#readback = gpu.createBuffer({ label: "sampler", size, usage: COPY_DST | MAP_READ });
  }

  /** A sampler; undefined where the device has no time stamps, or the program too many steps for a query set. */
  static of<Sizes>(
    device: Device,
    program: Program<Sizes>,
    options: SamplerOptions,
  ): ProgramSampler<Sizes> | undefined {
    const steps = program.labels.length;
    if (!device.gpu.features.has("timestamp-query") || steps === 0 || 2 * steps > mostQueries)
      return undefined;
    return new ProgramSampler(device, program, options);
  }

  /** Puts one run into a command encoder, with time stamps where a sample is due. Allocates nothing. */
  encode(encoder: GPUCommandEncoder, sizes: Sizes): void {
    const now = performance.now();
    if (this.#state !== "idle" || now - this.#last < (this.#options.interval ?? 1000)) {
      return this.#program.encode(encoder, sizes);
    }
    this.#last = now;
    this.#state = "encoded";
    this.#program.encodeStamped(encoder, sizes, this.#queries);
    encoder.resolveQuerySet(this.#queries, 0, this.#queries.count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#readback, 0, this.#readback.size);
  }

  /** Call after the submit: begins to read the sample back, if there was one in it. Nobody waits for it. */
  submitted(): void {
    if (this.#state !== "encoded") return;
    this.#state = "reading";
    void this.#read();
  }

  /** Frees what it holds on the GPU; a sample that is on its way is dropped. A second call does nothing. */
  dispose(): void {
    this.#state = "disposed";
    this.#queries.destroy();
    this.#resolved.destroy();
    this.#readback.destroy();
  }

  async #read(): Promise<void> {
    try {
      await this.#readback.mapAsync(GPUMapMode.READ);
    } catch {
      // The sampler was disposed of, or the device is lost, which whoever uses it next reports.
      return;
    }
    if (this.#state === "disposed") return;
    const stamps = new BigUint64Array(this.#readback.getMappedRange().slice(0));
    this.#readback.unmap();
    this.#state = "idle";
    this.#options.onSample(sampleOf(this.#labels, stamps));
  }
}

/** @param stamps nanoseconds, two for each label; a clock that was set back gives 0, not a negative time */
function sampleOf(labels: readonly string[], stamps: BigUint64Array): ProgramSample {
  const between = (begin: bigint, end: bigint): number => Math.max(0, Number(end - begin) / 1e6);
  return {
    milliseconds: between(stamps[0], stamps[stamps.length - 1]),
    steps: labels.map((label, i) => ({
      kernel: /^\w+/.exec(label)?.[0] ?? label,
      label,
      milliseconds: between(stamps[2 * i], stamps[2 * i + 1]),
    })),
  };
}

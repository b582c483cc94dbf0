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

/** Takes the time of a program's steps while it is in use. */
export interface ProgramSampler<Sizes> {
  /** Puts one run into a command encoder, with time stamps where a sample is due. Allocates nothing. */
  encode: (encoder: GPUCommandEncoder, sizes: Sizes) => void;
  /** Call after the submit: begins to read the sample back, if there was one in it. Nobody waits for it. */
  submitted: () => void;
  /** Frees what it holds on the GPU; a sample that is on its way is dropped. A second call does nothing. */
  dispose: () => void;
}

/**
 * A sampler of a program: every now and then a run has each step in a pass of its own, between two time stamps. All
 * other runs are as they would be without it. A browser rounds time stamps to 100 µs, up or down alike, so show the
 * mean of several samples.
 *
 * @returns undefined where the device has no time stamps, or the program too many steps for a query set
 * @example
 * const sampler = programSampler(device, program, { onSample: ({ steps }) => show(steps) });
 * // In place of program.encode(encoder, sizes):
 * if (sampler) sampler.encode(encoder, sizes);
 * else program.encode(encoder, sizes);
 * device.gpu.queue.submit([encoder.finish()]);
 * sampler?.submitted();
 */
export function programSampler<Sizes>(
  { gpu }: Device,
  program: Program<Sizes>,
  { interval = 1000, onSample }: SamplerOptions,
): ProgramSampler<Sizes> | undefined {
  const { labels } = program;
  const count = 2 * labels.length;
  if (!gpu.features.has("timestamp-query") || count === 0 || count > mostQueries) return undefined;
  const size = count * BigUint64Array.BYTES_PER_ELEMENT;
  const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const queries = gpu.createQuerySet({ label: "sampler", type: "timestamp", count });
  const resolved = gpu.createBuffer({ label: "sampler", size, usage: QUERY_RESOLVE | COPY_SRC });
  const readback = gpu.createBuffer({ label: "sampler", size, usage: COPY_DST | MAP_READ });
  let last = -Infinity;
  /** Between a sampled run's encoding and the arrival of its times there is no other. */
  let state: "idle" | "encoded" | "reading" | "disposed" = "idle";

  const readSample = async (): Promise<void> => {
    try {
      await readback.mapAsync(GPUMapMode.READ);
    } catch {
      // The sampler was disposed of, or the device is lost, which whoever uses it next reports.
      return;
    }
    if (state === "disposed") return;
    const stamps = new BigUint64Array(readback.getMappedRange().slice(0));
    readback.unmap();
    state = "idle";
    onSample(sampleOf(labels, stamps));
  };
  return {
    encode(encoder, sizes) {
      const now = performance.now();
      if (state !== "idle" || now - last < interval) return program.encode(encoder, sizes);
      last = now;
      state = "encoded";
      program.encodeStamped(encoder, sizes, queries);
      encoder.resolveQuerySet(queries, 0, count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, readback, 0, size);
    },
    submitted() {
      if (state !== "encoded") return;
      state = "reading";
      void readSample();
    },
    dispose() {
      state = "disposed";
      queries.destroy();
      resolved.destroy();
      readback.destroy();
    },
  };
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

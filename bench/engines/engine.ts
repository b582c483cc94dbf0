import { withSimpleRnn, type Cell, type Job } from "../job";

/** The engines, by the names that `--only` takes. */
export const engineNames = [
  "webgpu-rnn",
  "simple-rnn",
  "tfjs-webgpu",
  "tfjs-wasm",
  "onnxruntime-web",
  "jax-js",
] as const;
export type EngineName = (typeof engineNames)[number];

/**
 * The engines that take part with a cell. Beside an LSTM or GRU stands this library's SimpleRNN, as a yardstick;
 * jax-js has the SimpleRNN only, because its program grows with every step.
 */
export function enginesFor(cell: Cell): EngineName[] {
  const absent: EngineName = cell === "simpleRnn" ? "simple-rnn" : "jax-js";
  return engineNames.filter((name) => name !== absent);
}

/** The job as an engine gets it. */
export function jobFor(engine: EngineName, job: Job): Job {
  return engine === "simple-rnn" ? withSimpleRnn(job) : job;
}

/** What is timed, by the names that `--only` takes. */
export const caseNames = ["train", "forward", "single"] as const;
export type CaseName = (typeof caseNames)[number];

/** A library that can hold the job's model. */
export interface Engine {
  /** Makes the model with the job's weights and a fresh optimizer. */
  open(job: Job): Promise<Contestant>;
}

/**
 * The job's model in one library, driven through the calls that its users would write. Each of the three
 * timed calls resolves when all its results are there, and to how many of what was asked for it has done:
 * some libraries work in whole epochs.
 */
export interface Contestant {
  /** The GPU device whose memory counts as the library's. */
  device?: GPUDevice;
  /** The probabilities of the first batch. */
  probabilities(): Promise<Float32Array>;
  /** One training step on a batch; resolves to its mean loss before the step. Absent: it cannot train. */
  step?(batch: number): Promise<number>;
  /** Training steps, in the fastest way that the library offers. */
  train?(steps: number): Promise<number>;
  /** Forward passes over whole batches. */
  forward(batches: number): Promise<number>;
  /** Forward passes over single reviews, one after the other. */
  single(reviews: number): Promise<number>;
  dispose(): void;
}

/** Calls `run` for at least `wanted` items, in whole rounds over `available` of them. */
export async function inWholeRounds(
  wanted: number,
  available: number,
  run: (item: number) => Promise<unknown>,
): Promise<number> {
  const rounds = Math.max(1, Math.ceil(wanted / available));
  for (let round = 0; round < rounds; round++) {
    for (let item = 0; item < available; item++) await run(item);
  }
  return rounds * available;
}

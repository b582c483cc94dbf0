/** The recurrent layers that can be compared. */
export const cells = ["simpleRnn", "lstm", "gru"] as const;
export type Cell = (typeof cells)[number];

/** What all engines compute: one net, its weights, and batches of padded reviews. */
export interface Job {
  /** Where the reviews come from. */
  data: "imdb" | "sample";
  cell: Cell;
  /** V, E, U. */
  vocabulary: number;
  width: number;
  units: number;
  /** B, and how many batches there are. */
  batchSize: number;
  batches: number;
  /** T. */
  steps: number;
  /** [batches · B, T] token ids, padded with 0 at the front. */
  tokens: Int32Array;
  /** [batches · B] 0 or 1. */
  labels: Float32Array;
  /** In Keras's order: embeddings, kernel, recurrent kernel, bias, dense kernel, dense bias. */
  weights: Float32Array[];
}

/** Keras's RMSprop with its default settings; epsilon stands inside the root. */
export const rmspropSettings = { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7 } as const;

/** A job without its arrays: what the page is told first. */
export type JobHeader = Omit<Job, "tokens" | "labels" | "weights"> & { weightLengths: number[] };

/** The same reviews cut to their last `steps` tokens, as `padSequences` would cut them. */
export function withSteps(job: Job, steps: number): Job {
  if (steps === job.steps) return job;
  const rows = job.batches * job.batchSize;
  const tokens = new Int32Array(rows * steps);
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * job.steps;
    tokens.set(job.tokens.subarray(end - steps, end), row * steps);
  }
  return { ...job, steps, tokens };
}

/**
 * The same job with a SimpleRNN, whose weights are those of the first gate: what the gates cost beside it.
 * A GRU's bias has two rows, of which the first belongs to the input.
 */
export function withSimpleRnn(job: Job): Job {
  if (job.cell === "simpleRnn") return job;
  const { width, units, weights } = job;
  const [embeddings, kernel, recurrentKernel, bias, ...head] = weights;
  const gates = kernel.length / (width * units);
  const firstGate = (matrix: Float32Array): Float32Array =>
    matrix.filter((_, i) => i % (gates * units) < units);
  const cut = [firstGate(kernel), firstGate(recurrentKernel), bias.slice(0, units)];
  return { ...job, cell: "simpleRnn", weights: [embeddings, ...cut, ...head] };
}

/** Rows `from` to `from + count` - 1 as one matrix, with their labels. */
export function rowsOf(job: Job, from: number, count: number): { x: JobMatrix; y: Float32Array } {
  const { steps, tokens, labels } = job;
  return {
    x: { data: tokens.subarray(from * steps, (from + count) * steps), shape: [count, steps] },
    y: labels.subarray(from, from + count),
  };
}

export interface JobMatrix {
  data: Int32Array;
  shape: [rows: number, steps: number];
}

/** A job as bytes: the header's length, the header as JSON, then the arrays. */
export function encodeJob({ tokens, labels, weights, ...rest }: Job): Uint8Array {
  const header: JobHeader = { ...rest, weightLengths: weights.map(({ length }) => length) };
  const text = JSON.stringify(header);
  const padded = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 4) * 4));
  const parts = [Uint32Array.of(padded.length), padded, tokens, labels, ...weights];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

/** The inverse of {@link encodeJob}. */
export function decodeJob(bytes: ArrayBuffer): Job {
  const headerLength = new Uint32Array(bytes, 0, 1)[0];
  const text = new TextDecoder().decode(new Uint8Array(bytes, 4, headerLength));
  const { weightLengths, ...rest } = JSON.parse(text) as JobHeader;
  const rows = rest.batches * rest.batchSize;
  let at = 4 + headerLength;
  const floats = (length: number): Float32Array => {
    const array = new Float32Array(bytes, at, length);
    at += length * 4;
    return array;
  };
  const tokens = new Int32Array(bytes, at, rows * rest.steps);
  at += tokens.byteLength;
  const labels = floats(rows);
  return { ...rest, tokens, labels, weights: weightLengths.map(floats) };
}

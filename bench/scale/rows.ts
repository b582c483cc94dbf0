import { uniformStream } from "../../test/support/random";
import type { JobMatrix } from "../job";
import type { RowKind, ScaleSizes } from "./points";

/** Rows of tokens with labels, and what lies in them. */
export interface ScaleRows {
  x: JobMatrix;
  y: Float32Array;
  /** Tokens that are not padding, per batch. */
  tokens: number;
  /** Different tokens of a batch, padding among them; the mean over the batches. */
  distinct: number;
}

/**
 * Batches of rows. `random`: full rows, every token as likely as any other. `review-like`: lengths spread as those of
 * IMDB's reviews are when T = 500 (44 % of T in the mean, padded at the front), and a token's frequency falls with
 * its number, as that of words does (Zipf).
 */
export function makeRows(
  kind: RowKind,
  { vocabulary, batchSize, steps }: ScaleSizes,
  batches: number,
): ScaleRows {
  const uniform = uniformStream(steps * 31 + batchSize);
  const count = batches * batchSize;
  const data = new Int32Array(count * steps);
  for (let row = 0; row < count; row++) {
    const length =
      kind === "random" ? steps : Math.max(1, Math.min(steps, Math.round(steps * reviewShare(uniform))));
    for (let t = steps - length; t < steps; t++) {
      data[row * steps + t] =
        kind === "random" ? randomToken(uniform, vocabulary) : zipfToken(uniform, vocabulary);
    }
  }
  const y = Float32Array.from({ length: count }, () => (uniform() < 0.5 ? 0 : 1));
  return { x: { data, shape: [count, steps] }, y, ...contents(data, batches) };
}

type Uniform = () => number;

const randomToken = (uniform: Uniform, vocabulary: number): number =>
  1 + Math.floor(uniform() * (vocabulary - 1));

/** Probability ∝ 1 / token: the logarithm is uniform. */
const zipfToken = (uniform: Uniform, vocabulary: number): number =>
  Math.min(vocabulary - 1, Math.floor(vocabulary ** uniform()));

/** Log-normal, as the lengths of reviews are: median 0.38; larger shares than 1 are cut by the caller. */
function reviewShare(uniform: Uniform): number {
  const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return 0.38 * Math.exp(0.65 * normal);
}

function contents(data: Int32Array, batches: number): { tokens: number; distinct: number } {
  const size = data.length / batches;
  let tokens = 0;
  let distinct = 0;
  for (let batch = 0; batch < batches; batch++) {
    const part = data.subarray(batch * size, (batch + 1) * size);
    distinct += new Set(part).size;
    for (const token of part) if (token !== 0) tokens++;
  }
  return { tokens: tokens / batches, distinct: distinct / batches };
}

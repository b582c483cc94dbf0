/** Seeded test data: the same numbers in Node and in every browser. */

/** A stream of uniform numbers in [0, 1) (mulberry32). */
export type Uniform = () => number;

/** A generator of its own for every seed. */
export function uniformStream(seed: number): Uniform {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * `length` float32-representable values of about `scale`, asymmetric about zero: positive
 * mean, skewed, no two alike, so that a swapped index or a lost sign shows.
 */
export function randomValues(length: number, seed: number, scale = 1): Float32Array {
  const uniform = uniformStream(seed);
  return Float32Array.from({ length }, () => {
    const value = uniform() + uniform() - 0.8;
    return scale * (value + 0.3 * value * value);
  });
}

/** `length` whole numbers in [low, high). */
export function randomIntegers(length: number, seed: number, low: number, high: number): Int32Array {
  const uniform = uniformStream(seed);
  return Int32Array.from({ length }, () => low + Math.floor(uniform() * (high - low)));
}

/** Where the zeros of a row of tokens stand. */
export type Padding = "none" | "left" | "right" | "interior" | "mixed" | "all";

/**
 * `batch` rows of `steps` token ids in [1, vocabulary), with zeros as `padding` says; rows are
 * padded by different amounts, row 0 of "left" not at all. "mixed" takes each kind in turn.
 */
export function randomTokens(
  shape: { readonly batch: number; readonly steps: number; readonly vocabulary: number },
  seed: number,
  padding: Padding = "none",
): Int32Array {
  const { batch, steps, vocabulary } = shape;
  const tokens = randomIntegers(batch * steps, seed, 1, Math.max(2, vocabulary));
  const uniform = uniformStream(seed ^ 0x5bd1e995);
  const kinds = ["left", "right", "interior", "none", "all"] as const;
  for (let b = 0; b < batch; b++) {
    const kind = padding === "mixed" ? (kinds[b % kinds.length] ?? "none") : padding;
    const count = b === 0 && kind === "left" ? 0 : Math.floor(uniform() * steps);
    for (let t = 0; t < steps; t++) {
      if (isPadded(kind, t, count, steps, uniform)) tokens[b * steps + t] = 0;
    }
  }
  return tokens;
}

function isPadded(kind: Padding, t: number, count: number, steps: number, uniform: Uniform): boolean {
  switch (kind) {
    case "left":
      return t < count;
    case "right":
      return t >= steps - count;
    case "interior":
      return t > 0 && t < steps - 1 && uniform() < 0.4;
    case "all":
      return true;
    default:
      return false;
  }
}

/** The finaliser of MurmurHash3 (Appleby 2011). */
function mixed(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The seed of a training step, counted from 1. */
export function stepSeed(seed: number, step: number): number {
  return (mixed(seed) + step) >>> 0;
}

/**
 * What dropout multiplies a value by: 0 for the share `rate` of all, else 1 / (1 - rate).
 *
 * @param rate from 0 to below 1
 * @param sample number of the segment, or of the row where each has factors of its own
 * @param feature its column
 */
export function keptFactor(
  rate: number,
  { seed, stream }: { seed: number; stream: number },
  sample: number,
  feature: number,
): number {
  const drawn = mixed(mixed(mixed(mixed(seed) ^ stream) + sample) ^ feature);
  return drawn < Math.round(rate * 2 ** 32) ? 0 : Math.fround(1 / (1 - rate));
}

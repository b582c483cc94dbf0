/**
 * WGSL function `kept(seed, stream, sample, feature)`, with `step` in scope: 0 for the share `rate` of all (sample, feature), else
 * 1 / (1 - rate), so that the mean stays. A hash of its arguments (the finaliser of MurmurHash3 after each),
 * so that the backward pass draws the same numbers again instead of reading a stored mask. The samples of a part of a
 * batch are counted as in the whole one.
 *
 * @param rate share to drop, from 0 to below 1
 */
export function keptFunction(rate: number): string {
  const limit = Math.round(rate * 2 ** 32);
  return /* wgsl */ `
fn mixed(value: u32) -> u32 {
  var x = value;
  x = (x ^ (x >> 16u)) * 0x85ebca6bu;
  x = (x ^ (x >> 13u)) * 0xc2b2ae35u;
  return x ^ (x >> 16u);
}

fn kept(seed: u32, stream: u32, sample: u32, feature: u32) -> f32 {
  let drawn = mixed(mixed(mixed(mixed(seed) ^ stream) + step.before + sample) ^ feature);
  return select(${String(1 / (1 - rate))}f, 0.0, drawn < ${Math.min(limit, 2 ** 32 - 1)}u);
}`;
}

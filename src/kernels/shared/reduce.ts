/**
 * WGSL function `sumOverLanes(lane, value)`: the sum of a vector over a workgroup, by a fixed tree, so that
 * the result is the same bits in every run. Every lane must call it; every lane gets the sum.
 */
export function sumOverLanes(lanes: number): string {
  return /* wgsl */ `
var<workgroup> reduced: array<vec4f, ${lanes}>;

fn sumOverLanes(lane: u32, value: vec4f) -> vec4f {
  reduced[lane] = value;
  for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
    // The values of the round before must be stored.
    workgroupBarrier();
    if (lane < half) { reduced[lane] += reduced[lane + half]; }
  }
  workgroupBarrier();
  return reduced[0];
}`;
}

/** Workgroups of 256 lanes that share so many elements: one, up to what is not worth a second dispatch. */
export const reduceGroups = (count: number): number => Math.min(128, Math.ceil(count / 16_384));

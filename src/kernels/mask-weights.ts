import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, kernel, type SizedKernel } from "./shared/frame";

const lanes = 256;

/**
 * Takes masked steps out of loss and accuracy. The weights arrive as those of a mean over all steps, and leave as
 * those of a mean over the steps that count.
 *
 *     out[r] = mask[r]·(weights[r].x · B·T / Σ mask, weights[r].y)
 *
 *     mask     [O]     Σ mask is over the rows behind first steps
 *     weights  [O, 2]  (weight in the loss, weight in the count), zeros in rows before a first step
 *     counts   [2]     (B·T, Σ mask), of `maskCounts`
 *     out      [O, 2]  out
 *
 * An invocation per row.
 */
export function maskWeights(): SizedKernel {
  return elementKernel({
    name: "maskWeights",
    constants: {},
    rows: "outputs",
    bindings: { counts: reads("array<u32>"), out: writes("array<vec2f>") },
    main: wgsl`
  let share = f32(counts[0]) / max(f32(counts[1]), 1.0);
  out[row] = f32(mask[row]) * vec2f(share, 1.0) * weights[row];`,
  });
}

/**
 * The steps, and those of them that count, for `maskWeights`: whole numbers, whose sum is the same in any order.
 *
 *     counts   [2]  in and out: zeros before the first part of a batch; the others as there
 *
 * A lane takes every (256 · groups)th row.
 *
 * @param groups workgroups
 */
export function maskCounts(groups: number): SizedKernel {
  return kernel({
    name: "maskCounts",
    constants: { groups },
    bindings: { counts: writes("array<atomic<u32>>") },
    grid: () => [groups],
    workgroupSize: lanes,
    main: wgsl`
  var steps = 0u;
  var counted = 0u;
  for (var row = id; row < step.outputs; row += ${lanes * groups}u) {
    let one = u32(weights[row].y);
    steps += one;
    counted += one * mask[row];
  }
  atomicAdd(&counts[0], steps);
  atomicAdd(&counts[1], counted);`,
  });
}

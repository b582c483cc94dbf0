import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { kernel, type SizedKernel } from "./shared/frame";
import { sumOverLanes } from "./shared/reduce";

const lanes = 256;

/** WGSL: a loop over this lane's share of the rows. */
const eachRow = (groups: number, text: string): string =>
  `for (var row = id; row < step.outputs; row += ${lanes * groups}u) { ${text} }`;

/** WGSL: the steps, and those of them that count. */
const countRows = (groups: number): string =>
  `var steps = 0u;
  var counted = 0u;
  ${eachRow(groups, "let one = u32(weights[row].y); steps += one; counted += one * mask[row];")}`;

/**
 * Takes masked steps out of loss and accuracy. The weights arrive as those of a mean over all steps, and leave as
 * those of a mean over the steps that count.
 *
 *     out[r] = mask[r]·(weights[r].x · B·T / Σ mask, weights[r].y)
 *
 *     mask     [O]     Σ mask is over the rows behind first steps
 *     weights  [O, 2]  (weight in the loss, weight in the count), zeros in rows before a first step
 *     counts   [2]     of `maskCounts`, unless it is alone
 *     out      [O, 2]  out
 *
 * A lane takes every (256 · groups)th row.
 *
 * @param groups workgroups
 * @param alone whether one counts by itself, whole numbers that are exact up to 2^24
 */
export function maskWeights(groups: number, alone = groups === 1): SizedKernel {
  const main = wgsl`
  #if ${alone}
  ${countRows(groups)}
  let sum = sumOverLanes(lane, vec4f(f32(steps), f32(counted), 0.0, 0.0));
  let share = sum.x / max(sum.y, 1.0);
  #else
  let share = f32(counts[0]) / max(f32(counts[1]), 1.0);
  #endif
  ${eachRow(groups, "out[row] = f32(mask[row]) * vec2f(share, 1.0) * weights[row];")}`;
  return kernel({
    name: "maskWeights",
    constants: { groups, alone },
    bindings: {
      counts: reads("array<u32>"),
      out: writes("array<vec2f>"),
    },
    grid: () => [groups],
    workgroupSize: lanes,
    declarations: [alone ? sumOverLanes(lanes) : ""],
    main,
  });
}

/**
 * The steps, and those of them that count, for `maskWeights`: whole numbers, whose sum is the same in any order.
 *
 *     counts   [2]  in and out: zeros before the first; the others as there
 */
export function maskCounts(groups: number): SizedKernel {
  const main = wgsl`
  ${countRows(groups)}
  atomicAdd(&counts[0], steps);
  atomicAdd(&counts[1], counted);`;
  return kernel({
    name: "maskCounts",
    constants: { groups },
    bindings: { counts: writes("array<atomic<u32>>") },
    grid: () => [groups],
    workgroupSize: lanes,
    main,
  });
}

import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { sumOverLanes } from "./shared/reduce";
import { stepStruct } from "./shared/step";

const lanes = 256;

/**
 * Takes masked steps out of loss and accuracy. The weights arrive as those of a mean over all steps, and leave as
 * those of a mean over the steps that count.
 *
 *     out[r] = mask[r]·(weights[r].x · B·T / Σ mask, weights[r].y)
 *
 *     mask     [O]     Σ mask is over the rows behind first steps
 *     weights  [O, 2]  (weight in the loss, weight in the count), zeros in rows before a first step
 *     out      [O, 2]  out
 *
 * One workgroup; a lane takes every 256th row.
 */
export function maskWeights(): KernelDeclaration {
  const code = wgsl`
${stepStruct}
${sumOverLanes(lanes)}

@compute @workgroup_size(${lanes})
fn main(@builtin(local_invocation_index) lane: u32) {
  // The steps, and those of them that count: whole numbers, exact up to 2^24 of them.
  var counts = vec4f();
  for (var row = lane; row < step.outputs; row += ${lanes}u) {
    let one = weights[row].y;
    counts += vec4f(one, one * f32(mask[row]), 0.0, 0.0);
  }
  counts = sumOverLanes(lane, counts);
  let share = counts.x / max(counts.y, 1.0);
  for (var row = lane; row < step.outputs; row += ${lanes}u) {
    out[row] = f32(mask[row]) * vec2f(share, 1.0) * weights[row];
  }
}`;
  return {
    name: "maskWeights",
    constants: {},
    bindings: {
      step: uniform("Step"),
      mask: reads("array<u32>"),
      weights: reads("array<vec2f>"),
      out: writes("array<vec2f>"),
    },
    code,
  };
}

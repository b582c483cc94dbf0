import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { sumOverLanes } from "./shared/reduce";
import { stepStruct } from "./shared/step";

const lanes = 256;

/**
 * Sums the rows' loss and accuracy into the step's entry.
 *
 *     metrics[step.metric] = Σ_r rowMetrics[r]
 *
 *     rowMetrics  [O]  (loss, right answers, answers, 0)
 *     metrics     [·]  out
 *
 * One workgroup; a lane takes every 256th row, then a tree.
 */
export function sumMetrics(): KernelDeclaration {
  const code = wgsl`
${stepStruct}
${sumOverLanes(lanes)}

@compute @workgroup_size(${lanes})
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = vec4f();
  for (var row = lane; row < step.outputs; row += ${lanes}u) { sum += rowMetrics[row]; }
  sum = sumOverLanes(lane, sum);
  if (lane == 0u) { metrics[step.metric] = sum; }
}`;
  return {
    name: "sumMetrics",
    constants: {},
    bindings: {
      step: uniform("Step"),
      rowMetrics: reads("array<vec4f>"),
      metrics: writes("array<vec4f>"),
    },
    code,
  };
}

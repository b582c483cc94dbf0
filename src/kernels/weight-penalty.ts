import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { f32 } from "./shared/loss";
import { sumOverLanes } from "./shared/reduce";
import { stepStruct } from "./shared/step";

const lanes = 256;

export interface WeightPenaltyOptions {
  l1: number;
  l2: number;
  /** Elements N of the weight. */
  length: number;
  /** Also add the derivative to the weight's gradient. */
  train: boolean;
}

/**
 * What a regularised weight adds to the loss of a step, and to its own gradient.
 *
 *     metrics[step.metric].x += Σ_i l1·|w_i| + l2·w_i²
 *     gradient_i             += l1·sign(w_i) + 2·l2·w_i          (sign(0) = 0)
 *
 *     weight    [N]
 *     metrics   [·]  in and out: entry `step.metric` = (loss, right answers, answers, 0)
 *     gradient  [N]  in and out, when training
 *
 * One workgroup; a lane takes every 256th element, then a tree.
 */
export function weightPenalty(options: WeightPenaltyOptions): KernelDeclaration {
  const { l1, l2, length, train } = options;
  const code = wgsl`
${stepStruct}
${sumOverLanes(lanes)}

@compute @workgroup_size(${lanes})
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = vec4f();
  for (var i = lane; i < ${length}u; i += ${lanes}u) {
    let w = weight[i];
    sum.x += ${f32(l1)} * abs(w) + ${f32(l2)} * w * w;
    #if ${train}
    gradient[i] += ${f32(l1)} * sign(w) + ${f32(2 * l2)} * w;
    #endif
  }
  sum = sumOverLanes(lane, sum);
  if (lane == 0u) { metrics[step.metric].x += sum.x; }
}`;
  return {
    name: "weightPenalty",
    constants: { ...options },
    bindings: {
      step: uniform("Step"),
      weight: reads(),
      metrics: writes("array<vec4f>"),
      ...(train ? { gradient: writes() } : {}),
    },
    code,
  };
}

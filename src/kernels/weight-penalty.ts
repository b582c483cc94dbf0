import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { kernel, type SizedKernel } from "./shared/frame";
import { f32 } from "./shared/loss";
import { sumOverLanes } from "./shared/reduce";

export const weightPenaltyLanes = 256;
const lanes = weightPenaltyLanes;

export interface WeightPenaltyOptions {
  l1: number;
  l2: number;
  /** Elements N of the weight. */
  length: number;
  /** Also add the derivative to the weight's gradient. */
  train: boolean;
  /** Workgroups; of more than one each lane leaves its sum in `sums`. */
  groups: number;
}

/**
 * What a regularised weight adds to the loss of a step, and to its own gradient.
 *
 *     metrics[step.metric].x += Σ_i l1·|w_i| + l2·w_i²
 *     gradient_i             += l1·sign(w_i) + 2·l2·w_i          (sign(0) = 0)
 *
 *     weight    [N]
 *     metrics   [·]  in and out, of one workgroup: entry `step.metric` = (loss, right answers, answers, 0)
 *     sums      [256 · groups]  out, of several: not negative, so that they add up as a weight with l1 = 1 does
 *     gradient  [N]  in and out, when training
 *
 * One workgroup: a lane takes every 256th element, then a tree. Several: a lane takes every (256 · groups)th, and there
 * is no barrier, which is dear on software adapters.
 */
export function weightPenalty(options: WeightPenaltyOptions): SizedKernel {
  const { l1, l2, length, train, groups } = options;
  const alone = groups === 1;
  const main = wgsl`
  var sum = vec4f();
  for (var i = id; i < ${length}u; i += ${lanes * groups}u) {
    let w = weight[i];
    sum.x += ${f32(l1)} * abs(w) + ${f32(l2)} * w * w;
    #if ${train}
    gradient[i] += ${f32(l1)} * sign(w) + ${f32(2 * l2)} * w;
    #endif
  }
  #if ${alone}
  sum = sumOverLanes(lane, sum);
  if (lane == 0u) { metrics[step.metric].x += sum.x; }
  #else
  sums[id] = sum.x;
  #endif`;
  return kernel({
    name: "weightPenalty",
    constants: { ...options },
    bindings: {
      weight: reads(),
      metrics: writes("array<vec4f>"),
      sums: writes(),
      gradient: writes(),
    },
    grid: () => [groups],
    workgroupSize: lanes,
    declarations: [alone ? sumOverLanes(lanes) : ""],
    main,
  });
}

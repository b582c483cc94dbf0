import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { kernel, type SizedKernel } from "./shared/frame";
import { sumOverLanes } from "./shared/reduce";

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
export function sumMetrics(): SizedKernel {
  const main = wgsl`
  var sum = vec4f();
  for (var row = lane; row < step.outputs; row += ${lanes}u) { sum += rowMetrics[row]; }
  sum = sumOverLanes(lane, sum);
  if (lane == 0u) { metrics[step.metric] = sum; }`;
  return kernel({
    name: "sumMetrics",
    constants: {},
    bindings: {
      rowMetrics: reads("array<vec4f>"),
      metrics: writes("array<vec4f>"),
    },
    grid: () => [1],
    workgroupSize: lanes,
    declarations: [sumOverLanes(lanes)],
    main,
  });
}

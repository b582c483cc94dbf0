import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { kernel, type SizedKernel } from "./shared/frame";
import { sumOverLanes } from "./shared/reduce";

const lanes = 256;

/**
 * The squared length of every variable's gradient, for clipping by norm.
 *
 *     squares[i] = Σ g²  over the elements of variable i
 *
 *     ranges     [variables]  (first element, elements)
 *     gradients  [·]          all gradients, as the parameters lie in their buffer
 *     squares    [variables]  out; where the parameters lie in several buffers, those after the first are added
 *
 * A workgroup per variable; a lane takes every 256th element, then a tree.
 */
export function gradientSquares(variables: number, add = false): SizedKernel {
  const main = wgsl`
  let range = ranges[group];
  var sum = vec4f();
  for (var i = lane; i < range.y; i += ${lanes}u) {
    let g = gradients[range.x + i];
    sum.x += g * g;
  }
  sum = sumOverLanes(lane, sum);
  if (lane == 0u) { squares[group] ${add ? "+=" : "="} sum.x; }`;
  return kernel({
    name: "gradientSquares",
    constants: { variables, add },
    bindings: { ranges: reads("array<vec2u>"), gradients: reads(), squares: writes() },
    grid: () => [variables],
    workgroupSize: lanes,
    declarations: [sumOverLanes(lanes)],
    main,
  });
}

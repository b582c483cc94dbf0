import { reads, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
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
export function gradientSquares(add = false): KernelDeclaration {
  const code = wgsl`
${sumOverLanes(lanes)}

@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let range = ranges[workgroup.x];
  var sum = vec4f();
  for (var i = lane; i < range.y; i += ${lanes}u) {
    let g = gradients[range.x + i];
    sum.x += g * g;
  }
  sum = sumOverLanes(lane, sum);
  if (lane == 0u) { squares[workgroup.x] = ${add ? "squares[workgroup.x] + sum.x" : "sum.x"}; }
}`;
  return {
    name: "gradientSquares",
    constants: { add },
    bindings: { ranges: reads("array<vec2u>"), gradients: reads(), squares: writes() },
    code,
  };
}

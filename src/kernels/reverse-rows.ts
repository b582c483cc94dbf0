import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { segmentStruct, stepStruct } from "./shared/step";

export const reverseRowsSize = 64;

/**
 * Turns the rows of every segment round: a layer that ran backwards leaves its derivatives in the order in
 * which it took the steps; the layer below wants them in its own.
 *
 *     out[row + 1 + t] = x[row + steps - t],   out[row] = 0
 *
 *     segments  [S]
 *     x         [N, J]
 *     out       [N, J]  out
 *
 * An invocation per segment and column.
 */
export function reverseRows(columns: number): KernelDeclaration {
  const code = wgsl`
${stepStruct}
${segmentStruct}

@compute @workgroup_size(${reverseRowsSize})
fn main(${gridParameters}) {
  let at = ${linearId(reverseRowsSize)};
  let number = at / ${columns}u;
  let j = at % ${columns}u;
  if (number >= step.segments) { return; }
  let segment = segments[number];
  out[segment.row * ${columns}u + j] = 0.0;
  for (var t = 0u; t < segment.steps; t++) {
    out[(segment.row + 1u + t) * ${columns}u + j] = x[(segment.row + segment.steps - t) * ${columns}u + j];
  }
}`;
  return {
    name: "reverseRows",
    constants: { columns },
    bindings: { step: uniform("Step"), segments: reads("array<Segment>"), x: reads(), out: writes() },
    code,
  };
}

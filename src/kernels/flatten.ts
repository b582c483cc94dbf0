import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { segmentStruct, stepStruct } from "./shared/step";

export const flattenSize = 64;

/**
 * Lays a sample's steps side by side, the row before the first one left out.
 *
 *     out[b, t·I + i] = x[row + 1 + t, i]
 *
 *     segments  [B]
 *     x         [N, I]
 *     out       [B, T·I]  out
 *
 * An invocation per element of `out`.
 *
 * @param width columns I
 * @param steps T, of every sample
 */
export function flatten(width: number, steps: number): KernelDeclaration {
  const columns = width * steps;
  const code = wgsl`
${stepStruct}
${segmentStruct}

@compute @workgroup_size(${flattenSize})
fn main(${gridParameters}) {
  let at = ${linearId(flattenSize)};
  let sample = at / ${columns}u;
  if (sample >= step.samples) { return; }
  out[at] = x[(segments[sample].row + 1u) * ${width}u + at % ${columns}u];
}`;
  return {
    name: "flatten",
    constants: { width, steps },
    bindings: { step: uniform("Step"), segments: reads("array<Segment>"), x: reads(), out: writes() },
    code,
  };
}

/**
 * The derivative of `flatten`.
 *
 *     dx[row + 1 + t, i] = dOut[b, t·I + i],   dx[row] = 0
 *
 *     dOut  [B, T·I]
 *     dx    [N, I]    out: segments of T + 1 rows, one after another
 *
 * An invocation per element of `dx`.
 */
export function flattenGradient(width: number, steps: number): KernelDeclaration {
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${flattenSize})
fn main(${gridParameters}) {
  let at = ${linearId(flattenSize)};
  let row = at / ${width}u;
  if (row >= step.rows) { return; }
  var value = 0.0;
  if (row % ${steps + 1}u > 0u) { value = dOut[at - (row / ${steps + 1}u + 1u) * ${width}u]; }
  dx[at] = value;
}`;
  return {
    name: "flattenGradient",
    constants: { width, steps },
    bindings: { step: uniform("Step"), dOut: reads(), dx: writes() },
    code,
  };
}

import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { stepStruct } from "./shared/step";

export const maskingSize = 64;

/**
 * Marks the steps all of whose features are the mask value, and makes zeros of them.
 *
 *     mask[r] = 1 if some x[r, j] ≠ value, else 0
 *     out[r] = mask[r]·x[r]
 *
 *     x     [N, J]
 *     mask  [N]     out
 *     out   [N, J]  out
 *
 * An invocation per row.
 *
 * @param value a float32
 */
export function masking(width: number, value: number): KernelDeclaration {
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${maskingSize})
fn main(${gridParameters}) {
  let row = ${linearId(maskingSize)};
  if (row >= step.rows) { return; }
  let begin = row * ${width}u;
  var counts = false;
  for (var j = 0u; j < ${width}u; j++) { counts = counts || x[begin + j] != ${value}f; }
  mask[row] = select(0u, 1u, counts);
  for (var j = 0u; j < ${width}u; j++) { out[begin + j] = select(0.0, x[begin + j], counts); }
}`;
  return {
    name: "masking",
    constants: { width, value },
    bindings: {
      step: uniform("Step"),
      x: reads(),
      mask: writes("array<u32>"),
      out: writes(),
    },
    code,
  };
}

/**
 * The derivative of `masking`: that of the steps that count.
 *
 *     dx[r] = mask[r]·dOut[r]
 *
 *     mask  [N]
 *     dOut  [N, J]
 *     dx    [N, J]  out
 *
 * An invocation per element.
 */
export function maskingGradient(width: number): KernelDeclaration {
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${maskingSize})
fn main(${gridParameters}) {
  let at = ${linearId(maskingSize)};
  let row = at / ${width}u;
  if (row >= step.rows) { return; }
  dx[at] = select(0.0, dOut[at], mask[row] == 1u);
}`;
  return {
    name: "maskingGradient",
    constants: { width },
    bindings: {
      step: uniform("Step"),
      mask: reads("array<u32>"),
      dOut: reads(),
      dx: writes(),
    },
    code,
  };
}

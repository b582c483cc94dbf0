import { uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { stepStruct } from "./shared/step";

export const softmaxSize = 64;

/**
 * Softmax of every row, in place, with the row's largest value taken off first.
 *
 *     y_c ← exp(y_c - max y) / Σ_c exp(y_c - max y)
 *
 *     y  [O, C]  in and out
 *
 * An invocation per row.
 */
export function softmax(width: number): KernelDeclaration {
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${softmaxSize})
fn main(${gridParameters}) {
  let row = ${linearId(softmaxSize)};
  if (row >= step.outputs) { return; }
  let base = row * ${width}u;
  var largest = y[base];
  for (var c = 1u; c < ${width}u; c++) { largest = max(largest, y[base + c]); }
  var total = 0.0;
  for (var c = 0u; c < ${width}u; c++) { total += exp(y[base + c] - largest); }
  for (var c = 0u; c < ${width}u; c++) { y[base + c] = exp(y[base + c] - largest) / total; }
}`;
  return { name: "softmax", constants: { width }, bindings: { step: uniform("Step"), y: writes() }, code };
}

import { reads, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";

export const addGradientsSize = 64;

/**
 * Adds gradients to others, for batches that are taken in parts.
 *
 *     sums ← sums + terms
 *
 *     terms  [P]
 *     sums   [P]  in and out
 *
 * An invocation per element.
 */
export function addGradients(length: number): KernelDeclaration {
  const code = wgsl`
@compute @workgroup_size(${addGradientsSize})
fn main(${gridParameters}) {
  let at = ${linearId(addGradientsSize)};
  if (at < ${length}u) { sums[at] += terms[at]; }
}`;
  return {
    name: "addGradients",
    constants: { length },
    bindings: { terms: reads(), sums: writes() },
    code,
  };
}

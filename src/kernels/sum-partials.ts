import { reads, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";

export const sumPartialsSize = 64;

/**
 * Adds up partial sums in their order.
 *
 *     sum[i] = Σ_c partials[c, i],   the first `length` into `kernel`, the rest into `bias`
 *
 *     partials  [chunks, length + biasLength]
 *     kernel    [length]      out
 *     bias      [biasLength]  out, where there is one
 *
 * An invocation per element.
 */
export function sumPartials(length: number, biasLength: number, chunks: number): KernelDeclaration {
  const total = length + biasLength;
  const code = wgsl`
@compute @workgroup_size(${sumPartialsSize})
fn main(${gridParameters}) {
  let at = ${linearId(sumPartialsSize)};
  if (at >= ${total}u) { return; }
  var sum = 0.0;
  for (var chunk = 0u; chunk < ${chunks}u; chunk++) { sum += partials[chunk * ${total}u + at]; }
  #if ${biasLength > 0}
  if (at >= ${length}u) {
    bias[at - ${length}u] = sum;
    return;
  }
  #endif
  kernel[at] = sum;
}`;
  return {
    name: "sumPartials",
    constants: { length, biasLength, chunks },
    bindings: {
      partials: reads(),
      kernel: writes(),
      ...(biasLength > 0 ? { bias: writes() } : {}),
    },
    code,
  };
}

import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { stepStruct } from "./shared/step";

export const linearInputGradientSize = 64;

/**
 * The derivative of a linear layer by its input.
 *
 *     dx[r] = dz[r]·kernelᵀ        or dx[r] += …, where another layer takes the same input
 *
 *     dz      [·, J]  derivative by the layer's sums, before the activation
 *     kernel  [K, J]
 *     dx      [·, K]  out
 *
 * An invocation per element of `dx`.
 */
export function linearInputGradient(
  inputs: number,
  outputs: number,
  count: "rows" | "samples",
  accumulate = false,
): KernelDeclaration {
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${linearInputGradientSize})
fn main(${gridParameters}) {
  let at = ${linearId(linearInputGradientSize)};
  let row = at / ${inputs}u;
  let k = at % ${inputs}u;
  if (row >= step.${count}) { return; }
  var sum = 0.0;
  for (var j = 0u; j < ${outputs}u; j++) { sum += dz[row * ${outputs}u + j] * kernel[k * ${outputs}u + j]; }
  #if ${accumulate}
  sum += dx[at];
  #endif
  dx[at] = sum;
}`;
  return {
    name: "linearInputGradient",
    constants: { inputs, outputs, count, accumulate },
    bindings: { step: uniform("Step"), dz: reads(), kernel: reads(), dx: writes() },
    code,
  };
}

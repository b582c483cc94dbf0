import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { activationFunctions, type Activation } from "./shared/activation";
import { gridParameters, linearId } from "./shared/grid";
import { stepStruct } from "./shared/step";

export const activationGradientSize = 64;

/**
 * The derivative through an activation, in place, from the activation's output.
 *
 *     dy ← dy ⊙ activation'(y)
 *
 *     y   [·, J]
 *     dy  [·, J]  in and out
 *
 * An invocation per element.
 */
export function activationGradient(
  activation: Activation,
  width: number,
  count: "rows" | "samples",
): KernelDeclaration {
  const code = wgsl`
${stepStruct}
${activationFunctions(activation)}

@compute @workgroup_size(${activationGradientSize})
fn main(${gridParameters}) {
  let at = ${linearId(activationGradientSize)};
  if (at >= step.${count} * ${width}u) { return; }
  dy[at] *= slope(y[at]);
}`;
  return {
    name: "activationGradient",
    constants: { activation, width, count },
    bindings: { step: uniform("Step"), y: reads(), dy: writes() },
    code,
  };
}

import { uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { activationFunctions, type Activation } from "./shared/activation";
import { gridParameters, linearId } from "./shared/grid";
import { stepStruct } from "./shared/step";

export const activateSize = 64;

/**
 * An activation, in place: from the logits that the loss took to the model's outputs.
 *
 *     y ← activation(y)
 *
 *     y  [O, C]  in and out
 *
 * An invocation per element.
 */
export function activate(activation: Activation, width: number): KernelDeclaration {
  const code = wgsl`
${stepStruct}
${activationFunctions(activation)}

@compute @workgroup_size(${activateSize})
fn main(${gridParameters}) {
  let at = ${linearId(activateSize)};
  if (at >= step.outputs * ${width}u) { return; }
  y[at] = activate(y[at]);
}`;
  return {
    name: "activate",
    constants: { activation, width },
    bindings: { step: uniform("Step"), y: writes() },
    code,
  };
}

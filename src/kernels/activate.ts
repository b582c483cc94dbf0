import { writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { activationFunctions, type Activation } from "./shared/activation";
import { elementKernel, type SizedKernel } from "./shared/frame";

/**
 * An activation, in place: from the logits that the loss took to the model's outputs.
 *
 *     y ← activation(y)
 *
 *     y  [O, C]  in and out
 *
 * An invocation per element.
 */
export function activate(activation: Activation, width: number): SizedKernel {
  return elementKernel({
    name: "activate",
    constants: { activation, width },
    rows: "outputs",
    columns: width,
    bindings: { y: writes() },
    declarations: [activationFunctions(activation)],
    main: wgsl`
  y[id] = activate(y[id]);`,
  });
}

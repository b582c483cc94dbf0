import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { activationFunctions, type Activation } from "./shared/activation";
import { elementKernel, type SizedKernel } from "./shared/frame";

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
): SizedKernel {
  return elementKernel({
    name: "activationGradient",
    constants: { activation, width, count },
    rows: count,
    columns: width,
    bindings: { y: reads(), dy: writes() },
    declarations: [activationFunctions(activation)],
    main: wgsl`
  dy[id] *= slope(y[id]);`,
  });
}

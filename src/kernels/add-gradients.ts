import { reads, writes } from "../runtime/kernel";
import { elementKernel, type SizedKernel } from "./shared/frame";

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
export function addGradients(length: number): SizedKernel {
  return elementKernel({
    name: "addGradients",
    constants: { length },
    rows: length,
    bindings: { terms: reads(), sums: writes() },
    main: "sums[id] += terms[id];",
  });
}

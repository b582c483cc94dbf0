import { writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";

/**
 * Softmax of every row, in place, with the row's largest value taken off first.
 *
 *     y_c ← exp(y_c - max y) / Σ_c exp(y_c - max y)
 *
 *     y  [O, C]  in and out
 *
 * An invocation per row.
 */
export function softmax(width: number): SizedKernel {
  return elementKernel({
    name: "softmax",
    constants: { width },
    rows: "outputs",
    bindings: { y: writes() },
    main: wgsl`
  let base = row * ${width}u;
  var largest = y[base];
  for (var c = 1u; c < ${width}u; c++) { largest = max(largest, y[base + c]); }
  var total = 0.0;
  for (var c = 0u; c < ${width}u; c++) { total += exp(y[base + c] - largest); }
  for (var c = 0u; c < ${width}u; c++) { y[base + c] = exp(y[base + c] - largest) / total; }`,
  });
}

import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";

/**
 * Turns the rows of every segment round: a layer that ran backwards leaves its derivatives in the order in
 * which it took the steps; the layer below wants them in its own.
 *
 *     out[row + 1 + t] = x[row + steps - t],   out[row] = 0
 *
 *     segments  [S]
 *     x         [N, J]
 *     out       [N, J]  out
 *
 * An invocation per segment and column.
 */
export function reverseRows(columns: number): SizedKernel {
  return elementKernel({
    name: "reverseRows",
    constants: { columns },
    rows: "segments",
    columns,
    bindings: { x: reads(), out: writes() },
    main: wgsl`
  let segment = segments[row];
  out[segment.row * ${columns}u + column] = 0.0;
  for (var t = 0u; t < segment.steps; t++) {
    out[(segment.row + 1u + t) * ${columns}u + column] = x[(segment.row + segment.steps - t) * ${columns}u + column];
  }`,
  });
}

import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";

/** A task of the sum by token takes this many state rows at most. */
export const rowsPerTask = 64;

/**
 * Sums rows that belong to the same token, as tasks of at most 64 rows. The batch's plan lists
 * the rows grouped by token, in a fixed order, so the sums are the same bits in every run.
 *
 *     sums[k] = Σ_{i in task k} dz[tokenRows[i]]
 *
 *     taskStarts  [K+1]  where a task begins in `tokenRows`
 *     tokenRows   [·]    state rows, grouped by their token
 *     dz          [N, J]
 *     sums        [K, J]  out
 *
 * An invocation per element of `sums`.
 */
export function sumByToken(columns: number): SizedKernel {
  return elementKernel({
    name: "sumByToken",
    constants: { columns },
    rows: "tasks",
    columns,
    bindings: {
      dz: reads(),
      sums: writes(),
    },
    main: wgsl`
  let end = taskStarts[row + 1u];
  var sum = 0.0;
  for (var i = taskStarts[row]; i < end; i++) { sum += dz[tokenRows[i] * ${columns}u + column]; }
  sums[id] = sum;`,
  });
}

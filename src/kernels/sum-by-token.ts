import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { stepStruct } from "./shared/step";

export const sumByTokenSize = 64;

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
export function sumByToken(columns: number): KernelDeclaration {
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${sumByTokenSize})
fn main(${gridParameters}) {
  let at = ${linearId(sumByTokenSize)};
  let task = at / ${columns}u;
  let j = at % ${columns}u;
  if (task >= step.tasks) { return; }
  let end = taskStarts[task + 1u];
  var sum = 0.0;
  for (var i = taskStarts[task]; i < end; i++) { sum += dz[tokenRows[i] * ${columns}u + j]; }
  sums[at] = sum;
}`;
  return {
    name: "sumByToken",
    constants: { columns },
    bindings: {
      step: uniform("Step"),
      taskStarts: reads("array<u32>"),
      tokenRows: reads("array<u32>"),
      dz: reads(),
      sums: writes(),
    },
    code,
  };
}

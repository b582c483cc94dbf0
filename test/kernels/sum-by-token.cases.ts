import type { ScanShape } from "../../src/kernels/scan";
import { rowsPerTask, sumByToken } from "../../src/kernels/sum-by-token";
import { sumByTokenGroups, sumByTokenNarrow } from "../../src/kernels/sum-by-token-narrow";
import { sumByToken as twin } from "../reference/rows";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, kernelCase, runKernel, type KernelCase } from "./harness";
import { widths } from "./sizes";
import { tokenGroups } from "./token-groups";

function sumCase(shape: ScanShape, counts: readonly number[], columns: number): KernelCase {
  const name = `sumByToken, ${shape}: tokens in ${counts.join(", ")} rows, ${columns} columns`;
  return kernelCase(name, async (device) => {
    const { taskStarts, tokenRows } = tokenGroups(counts, counts.length + 5, 1);
    const tasks = taskStarts.length - 1;
    const dz = randomValues(tokenRows.length * columns, 2);
    const narrow = shape === "narrow";
    const actual = await runKernel(device, (narrow ? sumByTokenNarrow : sumByToken)(columns), {
      sizes: { tasks },
      inputs: { taskStarts, tokenRows, dz },
      outputs: { sums: tasks * columns },
    });
    assertOutputs(actual, { sums: twin(dz, tokenRows, taskStarts, columns) }, kernelTolerance(rowsPerTask));
  });
}

export const cases: KernelCase[] = (["wide", "narrow"] as const).flatMap((shape) => [
  sumCase(shape, [1], 1),
  sumCase(shape, [rowsPerTask - 1, rowsPerTask, rowsPerTask + 1, 3 * rowsPerTask + 2, 1], 3),
  ...[...widths, 96, 128, 132, 256]
    .filter((columns) => shape === "wide" || sumByTokenGroups(columns) !== undefined)
    .map((columns) => sumCase(shape, [2, 1, 67], columns)),
]);

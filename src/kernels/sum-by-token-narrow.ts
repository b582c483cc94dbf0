import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { kernel, workgroupsFor, type SizedKernel } from "./shared/frame";
import { largestDivisor, names, narrowSize } from "./shared/narrow";
import { rowAccess } from "./shared/rows";

/** Invocations of a task, each of which takes a group of its columns; undefined where the shape does not fit. */
export function sumByTokenGroups(columns: number): number | undefined {
  if (columns % 4 !== 0) return columns <= 64 ? 1 : undefined;
  const vectors = columns / 4;
  return vectors / largestDivisor(vectors);
}

/**
 * `sumByToken` for adapters that want the narrow shape: an invocation per task and group of up to 32 columns.
 *
 *     sums[k] = Σ_{i in task k} dz[tokenRows[i]]
 *
 * Bindings as there.
 */
export function sumByTokenNarrow(columns: number): SizedKernel {
  const input = rowAccess("dz", columns);
  const output = rowAccess("sums", columns);
  const groups = sumByTokenGroups(columns)!;
  const sum = names("sum", input.vectors / groups);
  const group = groups > 1 ? ` + id % ${groups}u * ${sum.length}u` : "";
  const main = wgsl`
  let task = id / ${groups}u;
  if (task >= step.tasks) { return; }
  let end = taskStarts[task + 1u];
  ${sum.map((name) => `var ${name} = vec4f();`)}
  for (var i = taskStarts[task]; i < end; i++) {
    let row = ${input.base("tokenRows[i]")}${group};
    ${sum.map((name, i) => `${name} += ${input.load("row", i)};`)}
  }
  let to = ${output.base("task")}${group};
  ${sum.map((name, i) => output.store("to", i, name))}`;
  return kernel({
    name: "sumByToken",
    constants: { shape: "narrow", columns },
    bindings: {
      dz: reads(input.type),
      sums: writes(output.type),
    },
    grid: ({ tasks }) => workgroupsFor(tasks * groups, narrowSize),
    workgroupSize: narrowSize,
    main,
  });
}

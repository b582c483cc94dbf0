import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { names, narrowSize } from "./shared/narrow";
import { rowAccess } from "./shared/rows";
import { stepStruct } from "./shared/step";

/** Columns up to which a row is kept in variables. */
export const maxNarrowColumns = 64;

/**
 * `sumByToken` for adapters that want the narrow shape: an invocation per task, a whole row at a time.
 *
 *     sums[k] = Σ_{i in task k} dz[tokenRows[i]]
 *
 * Bindings as there.
 */
export function sumByTokenNarrow(columns: number): KernelDeclaration {
  const input = rowAccess("dz", columns);
  const output = rowAccess("sums", columns);
  const sum = names("sum", input.vectors);
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${narrowSize})
fn main(${gridParameters}) {
  let task = ${linearId(narrowSize)};
  if (task >= step.tasks) { return; }
  let end = taskStarts[task + 1u];
  ${sum.map((name) => `var ${name} = vec4f();`).join("\n")}
  for (var i = taskStarts[task]; i < end; i++) {
    let row = ${input.base("tokenRows[i]")};
    ${sum.map((name, i) => `${name} += ${input.load("row", i)};`).join("\n")}
  }
  let to = ${output.base("task")};
  ${sum.map((name, i) => output.store("to", i, name)).join("\n")}
}`;
  return {
    name: "sumByToken",
    constants: { shape: "narrow", columns },
    bindings: {
      step: uniform("Step"),
      taskStarts: reads("array<u32>"),
      tokenRows: reads("array<u32>"),
      dz: reads(input.type),
      sums: writes(output.type),
    },
    code,
  };
}

import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { addProduct, names, narrowLanes, narrowSize, ownMatrix } from "./shared/narrow";
import { constantMatrix, rowAccess } from "./shared/rows";
import { stepStruct } from "./shared/step";

/**
 * `embedProject` for adapters that want the narrow shape: an invocation takes the distinct tokens `id`,
 * `id + lanes`, … and keeps a copy of the kernel.
 *
 *     projected[d] = embeddings[token(d)]·kernel + bias
 *     slots[token(d)] = d
 *
 * Bindings as there; bias [J] is a uniform.
 */
export function embedProjectNarrow(width: number, columns: number, useBias: boolean): KernelDeclaration {
  const input = rowAccess("embeddings", width);
  const output = rowAccess("projected", columns);
  const bias = constantMatrix("bias", 1, columns);
  const x = names("x", input.vectors);
  const z = names("z", output.vectors);
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${narrowSize})
fn main(${gridParameters}) {
  ${ownMatrix("weight", width, columns, `kernel[row * ${columns}u + column]`)}
  for (var d = ${linearId(narrowSize)}; d < step.distinct; d += ${narrowLanes}u) {
    let token = taskTokens[groupTasks[d]];
    slots[token] = d;
    let row = ${input.base("token")};
    ${x.map((name, i) => `let ${name} = ${input.load("row", i)};`).join("\n")}
    ${z.map((name, i) => `var ${name} = ${useBias ? bias.load(0, 4 * i) : "vec4f()"};`).join("\n")}
    ${addProduct(z, x, width, "weight")}
    let to = ${output.base("d")};
    ${z.map((name, i) => output.store("to", i, name)).join("\n")}
  }
}`;
  return {
    name: "embedProject",
    constants: { shape: "narrow", width, columns, useBias },
    bindings: {
      step: uniform("Step"),
      groupTasks: reads("array<u32>"),
      taskTokens: reads("array<u32>"),
      embeddings: reads(input.type),
      kernel: reads(),
      ...(useBias ? { bias: uniform(bias.type) } : {}),
      projected: writes(output.type),
      slots: writes("array<u32>"),
    },
    code,
  };
}

import { reads, writes } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import { kernel, type SizedKernel } from "./shared/frame";
import {
  addProduct,
  columnsOfPart,
  declareStored,
  narrowLanes,
  narrowSize,
  narrowWorkgroups,
  ownMatrix,
} from "./shared/narrow";
import { rowAccess } from "./shared/rows";

/**
 * `embedProject` for adapters that want the narrow shape: an invocation takes the distinct tokens `id`,
 * `id + lanes`, … and, of a wide kernel, part of the columns after part, of which it keeps a copy.
 *
 *     projected[d] = embeddings[token(d)]·kernel + bias
 *     slots[token(d)] = d
 *
 * Bindings as there.
 */
export function embedProjectNarrow(width: number, columns: number, useBias: boolean): SizedKernel {
  const part = columnsOfPart(columns);
  const input = rowAccess("embeddings", width);
  const output = rowAccess("projected", columns);
  const vectors = Math.ceil(part / 4);
  const main = wgsl`
  ${declareStored("xs", input.vectors)}
  for (var left = 0u; left < ${columns}u; left += ${part}u) {
    ${ownMatrix("weight", width, part, `kernel[row * ${columns}u + left + column]`)}
    ${useBias ? ownMatrix("own", 1, part, "bias[left + column]") : ""}
    for (var d = id; d < step.distinct; d += ${narrowLanes}u) {
      let token = taskTokens[groupTasks[d]];
      slots[token] = d;
      let row = ${input.base("token")};
      ${unroll(input.vectors, (i) => `xs[${i}] = ${input.load("row", i)};`)}
      let to = ${output.base("d")}${part < columns ? " + left / 4u" : ""};
      ${unroll(
        vectors,
        (i) => `{
        var z = ${useBias ? `own[${i}]` : "vec4f()"};
        ${addProduct("z", "xs", width, "weight", vectors, i)}
        ${output.store("to", i, "z")}
      }`,
      )}
    }
  }`;
  return kernel({
    name: "embedProject",
    constants: { shape: "narrow", width, columns, useBias },
    bindings: {
      embeddings: reads(input.type),
      kernel: reads(),
      bias: reads(),
      projected: writes(output.type),
      slots: writes("array<u32>"),
    },
    grid: () => [narrowWorkgroups],
    workgroupSize: narrowSize,
    main,
  });
}

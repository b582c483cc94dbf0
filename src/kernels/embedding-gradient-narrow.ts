import { reads, writes } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import { kernel, type SizedKernel } from "./shared/frame";
import {
  addOuterProducts,
  addProduct,
  columnsOfPart,
  declareStored,
  declareSums,
  narrowLanes,
  narrowSize,
  narrowWorkgroups,
  ownMatrix,
  storeSums,
} from "./shared/narrow";
import { rowAccess } from "./shared/rows";

export interface EmbeddingGradientNarrowOptions {
  /** Columns E of the table. */
  width: number;
  /** Columns J of the sums. */
  columns: number;
  useBias: boolean;
  /** Whether the table is trained, too. */
  table: boolean;
}

/**
 * `embeddingGradient` of a projected table for adapters that want the narrow shape, together with the
 * gradient of the input kernel and its bias: an invocation takes the distinct tokens `id`, `id + lanes`, …, and of
 * a wide kernel part of the columns after part.
 *
 *     dProjected = Σ_{tasks k of d} sums[k]
 *     dEmbeddings[token(d)] = dProjected·kernelᵀ
 *     dKernel += embeddings[token(d)]ᵀ·dProjected,  dBias += dProjected
 *
 *     groupTasks, taskTokens  as in `embeddingGradient`
 *     sums         [K, J]
 *     embeddings   [V, E]
 *     kernel       [E, J]  where the table is trained
 *     dEmbeddings  [V, E]  out, where the table is trained: in the rows of the batch's tokens; the caller clears the others
 *     partials     [lanes, E (+1), J]  out: each invocation's part of dKernel, and below it of
 *                  dBias; rows padded to vectors of four
 *
 * A copy of the kernel's part and the sums stay with the invocation.
 */
export function embeddingGradientNarrow(options: EmbeddingGradientNarrowOptions): SizedKernel {
  const { width: E, columns: J, useBias } = options;
  const part = columnsOfPart(J);
  const rows = rowAccess("embeddings", E);
  const sumRows = rowAccess("sums", J);
  const output = rowAccess("dEmbeddings", E);
  const vectors = Math.ceil(part / 4);
  const rowLength = sumRows.vectors;
  const length = (E + (useBias ? 1 : 0)) * rowLength;
  /** The sums of the parts before. */
  const begun = (i: number): string =>
    part < J ? `select(${output.load("row", i)}, vec4f(), left == 0u)` : "vec4f()";
  const behind = part < J ? " + left / 4u" : "";
  const main = wgsl`
  ${declareStored("d", vectors)}
  ${declareStored("x", rows.vectors)}
  for (var left = 0u; left < ${J}u; left += ${part}u) {
    ${options.table ? ownMatrix("weight", part, E, `kernel[column * ${J}u + left + row]`) : ""}
    ${declareSums("dKernel", E, part)}
    ${declareSums("dBias", 1, part)}
    for (var number = id; number < step.distinct; number += ${narrowLanes}u) {
      let token = taskTokens[groupTasks[number]];
      ${unroll(vectors, (i) => `d[${i}] = vec4f();`)}
      for (var task = groupTasks[number]; task < groupTasks[number + 1u]; task++) {
        let sumsRow = ${sumRows.base("task")}${behind};
        ${unroll(vectors, (i) => `d[${i}] += ${sumRows.load("sumsRow", i)};`)}
      }
      let row = ${rows.base("token")};
      #if ${options.table}
      ${unroll(
        rows.vectors,
        (i) => `{
        var dx = ${begun(i)};
        ${addProduct("dx", "d", part, "weight", rows.vectors, i)}
        ${output.store("row", i, "dx")}
      }`,
      )}
      #endif
      ${unroll(rows.vectors, (i) => `x[${i}] = ${rows.load("row", i)};`)}
      ${addOuterProducts("dKernel", E, part, [{ x: "x", d: "d" }])}
      ${unroll(vectors, (i) => `dBias[${i}] += d[${i}];`)}
    }
    let base = id * ${length}u${behind};
    ${storeSums("dKernel", E, part, "partials", "base", rowLength)}
    #if ${useBias}
    ${storeSums("dBias", 1, part, "partials", `base + ${E * rowLength}u`, rowLength)}
    #endif
  }`;
  return kernel({
    name: "embeddingGradient",
    constants: { shape: "narrow", ...options },
    bindings: {
      sums: reads(sumRows.type),
      embeddings: reads(rows.type),
      kernel: reads(),
      dEmbeddings: writes(output.type),
      partials: writes("array<vec4f>"),
    },
    grid: () => [narrowWorkgroups],
    workgroupSize: narrowSize,
    main,
  });
}

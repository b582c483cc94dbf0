import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";
import { inPart, partConstants, rowInPart, type TablePart } from "./shared/table-part";

export interface EmbeddingGradientOptions {
  /** Columns E of the table. */
  width: number;
  /** Columns J of the sums. */
  columns: number;
  /** Whether the sums still have to go through the input kernel: dEmbeddings = sums·kernelᵀ. */
  projected: boolean;
  /** The rows of the table that are bound; all of them unless given. */
  part?: TablePart;
}

/**
 * The gradient of the embedding table in the rows of the batch's tokens. The caller clears the others.
 *
 *     dEmbeddings[token(d)] = (Σ_{tasks k of d} sums[k])·kernelᵀ      (projected)
 *     dEmbeddings[token(d)] =  Σ_{tasks k of d} sums[k]               (otherwise)
 *
 *     groupTasks   [D+1]   first task of each distinct token
 *     taskTokens   [K]     the token that a task belongs to
 *     sums         [K, J]
 *     kernel       [E, J]  where `projected`
 *     dEmbeddings  [V, E]  out
 *
 * An invocation per distinct token and column.
 */
export function embeddingGradient(options: EmbeddingGradientOptions): SizedKernel {
  const { width, columns, projected, part } = options;
  // Products of whole vectors, where rows consist of them.
  const whole = projected && columns % 4 === 0;
  const length = whole ? columns / 4 : columns;
  const type = whole ? "array<vec4f>" : "array<f32>";
  const product = (a: string, b: string): string => (whole ? `dot(${a}, ${b})` : `${a} * ${b}`);
  return elementKernel({
    name: "embeddingGradient",
    constants: { width, columns, projected, ...partConstants(part) },
    rows: "distinct",
    columns: width,
    bindings: {
      sums: reads(type),
      kernel: reads(type),
      dEmbeddings: writes(),
    },
    main: wgsl`
  let token = taskTokens[groupTasks[row]];
  if (!${inPart(part, "token")}) { return; }
  var sum = 0.0;
  for (var task = groupTasks[row]; task < groupTasks[row + 1u]; task++) {
    #if ${projected}
    for (var j = 0u; j < ${length}u; j++) { sum += ${product(`sums[task * ${length}u + j]`, `kernel[column * ${length}u + j]`)}; }
    #else
    sum += sums[task * ${columns}u + column];
    #endif
  }
  dEmbeddings[${rowInPart(part, "token")} * ${width}u + column] = sum;`,
  });
}

import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { stepStruct } from "./shared/step";
import { inPart, partConstants, rowInPart, type TablePart } from "./shared/table-part";

export const embeddingGradientSize = 64;

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
export function embeddingGradient(options: EmbeddingGradientOptions): KernelDeclaration {
  const { width, columns, projected, part } = options;
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${embeddingGradientSize})
fn main(${gridParameters}) {
  let at = ${linearId(embeddingGradientSize)};
  let d = at / ${width}u;
  let e = at % ${width}u;
  if (d >= step.distinct) { return; }
  let token = taskTokens[groupTasks[d]];
  if (!${inPart(part, "token")}) { return; }
  var sum = 0.0;
  for (var task = groupTasks[d]; task < groupTasks[d + 1u]; task++) {
    #if ${projected}
    for (var j = 0u; j < ${columns}u; j++) { sum += sums[task * ${columns}u + j] * kernel[e * ${columns}u + j]; }
    #else
    sum += sums[task * ${columns}u + e];
    #endif
  }
  dEmbeddings[${rowInPart(part, "token")} * ${width}u + e] = sum;
}`;
  return {
    name: "embeddingGradient",
    constants: { width, columns, projected, ...partConstants(part) },
    bindings: {
      step: uniform("Step"),
      groupTasks: reads("array<u32>"),
      taskTokens: reads("array<u32>"),
      sums: reads(),
      ...(projected ? { kernel: reads() } : {}),
      dEmbeddings: writes(),
    },
    code,
  };
}

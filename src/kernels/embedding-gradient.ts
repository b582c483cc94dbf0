import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { stepStruct } from "./shared/step";

export const embeddingGradientSize = 64;

export interface EmbeddingGradientOptions {
  /** Rows V of the table, and its columns E. */
  vocabulary: number;
  width: number;
  /** Columns J of the sums. */
  columns: number;
  /** Whether the sums still have to go through the input kernel: dEmbeddings = sums·kernelᵀ. */
  projected: boolean;
}

/**
 * The gradient of the embedding table, every row of it: zero for tokens that the batch does not hold.
 *
 *     dEmbeddings[v] = (Σ_{tasks k of v} sums[k])·kernelᵀ      (projected)
 *     dEmbeddings[v] =  Σ_{tasks k of v} sums[k]               (otherwise)
 *
 *     slots        [V]     number of the token in the batch, stale where it does not occur
 *     groupTasks   [D+1]   first task of each distinct token
 *     taskTokens   [K]     the token that a task belongs to
 *     sums         [K, J]
 *     kernel       [E, J]  where `projected`
 *     dEmbeddings  [V, E]  out
 *
 * A token occurs in the batch exactly if its slot lies inside the batch's list and the list names it there
 * (the sparse set of Briggs and Torczon, 1993), so `slots` is never cleared. An invocation per element.
 */
export function embeddingGradient(options: EmbeddingGradientOptions): KernelDeclaration {
  const { vocabulary, width, columns, projected } = options;
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${embeddingGradientSize})
fn main(${gridParameters}) {
  let at = ${linearId(embeddingGradientSize)};
  let token = at / ${width}u;
  let e = at % ${width}u;
  if (token >= ${vocabulary}u) { return; }
  let slot = slots[token];
  var sum = 0.0;
  if (slot < step.distinct && taskTokens[groupTasks[slot]] == token) {
    for (var task = groupTasks[slot]; task < groupTasks[slot + 1u]; task++) {
      #if ${projected}
      for (var j = 0u; j < ${columns}u; j++) { sum += sums[task * ${columns}u + j] * kernel[e * ${columns}u + j]; }
      #else
      sum += sums[task * ${columns}u + e];
      #endif
    }
  }
  dEmbeddings[at] = sum;
}`;
  return {
    name: "embeddingGradient",
    constants: { ...options },
    bindings: {
      step: uniform("Step"),
      slots: reads("array<u32>"),
      groupTasks: reads("array<u32>"),
      taskTokens: reads("array<u32>"),
      sums: reads(),
      ...(projected ? { kernel: reads() } : {}),
      dEmbeddings: writes(),
    },
    code,
  };
}

import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { stepStruct } from "./shared/step";

export const embedProjectSize = 64;

/**
 * Gathers the embeddings of the batch's distinct tokens and projects them onto the gates: every token
 * of the batch once, however often it occurs.
 *
 *     projected[d] = embeddings[token(d)]·kernel + bias
 *     slots[token(d)] = d
 *
 *     groupTasks  [D+1]     first task of each distinct token
 *     taskTokens  [K]       the token that a task belongs to
 *     embeddings  [V, E]
 *     kernel      [E, J]    J = G·U columns
 *     bias        [J]       where the layer has one
 *     projected   [D, J]    out
 *     slots       [V]       out: row of `projected` for each token of the batch, stale for all others
 *
 * An invocation per element of `projected`; the one of column 0 also stores the slot.
 */
export function embedProject(width: number, columns: number, useBias: boolean): KernelDeclaration {
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${embedProjectSize})
fn main(${gridParameters}) {
  let at = ${linearId(embedProjectSize)};
  let d = at / ${columns}u;
  let j = at % ${columns}u;
  if (d >= step.distinct) { return; }
  let token = taskTokens[groupTasks[d]];
  if (j == 0u) { slots[token] = d; }
  #if ${useBias}
  var sum = bias[j];
  #else
  var sum = 0.0;
  #endif
  for (var e = 0u; e < ${width}u; e++) {
    sum += embeddings[token * ${width}u + e] * kernel[e * ${columns}u + j];
  }
  projected[at] = sum;
}`;
  return {
    name: "embedProject",
    constants: { width, columns, useBias },
    bindings: {
      step: uniform("Step"),
      groupTasks: reads("array<u32>"),
      taskTokens: reads("array<u32>"),
      embeddings: reads(),
      kernel: reads(),
      ...(useBias ? { bias: reads() } : {}),
      projected: writes(),
      slots: writes("array<u32>"),
    },
    code,
  };
}

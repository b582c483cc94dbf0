import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";

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
export function embedProject(width: number, columns: number, useBias: boolean): SizedKernel {
  return elementKernel({
    name: "embedProject",
    constants: { width, columns, useBias },
    rows: "distinct",
    columns,
    bindings: {
      embeddings: reads(),
      kernel: reads(),
      bias: reads(),
      projected: writes(),
      slots: writes("array<u32>"),
    },
    main: wgsl`
  let token = taskTokens[groupTasks[row]];
  if (column == 0u) { slots[token] = row; }
  #if ${useBias}
  var sum = bias[column];
  #else
  var sum = 0.0;
  #endif
  for (var e = 0u; e < ${width}u; e++) {
    sum += embeddings[token * ${width}u + e] * kernel[e * ${columns}u + column];
  }
  projected[id] = sum;`,
  });
}

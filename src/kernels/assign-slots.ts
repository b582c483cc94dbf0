import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { stepStruct } from "./shared/step";

export const assignSlotsSize = 64;

/**
 * Numbers the batch's distinct tokens, for nets whose embeddings are not projected (`embedProject` does
 * it on the way).
 *
 *     slots[token(d)] = d
 *
 *     groupTasks  [D+1]  first task of each distinct token
 *     taskTokens  [K]    the token that a task belongs to
 *     slots       [V]    out: stale for tokens outside the batch
 *
 * An invocation per distinct token.
 */
export function assignSlots(): KernelDeclaration {
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${assignSlotsSize})
fn main(${gridParameters}) {
  let d = ${linearId(assignSlotsSize)};
  if (d >= step.distinct) { return; }
  slots[taskTokens[groupTasks[d]]] = d;
}`;
  return {
    name: "assignSlots",
    constants: {},
    bindings: {
      step: uniform("Step"),
      groupTasks: reads("array<u32>"),
      taskTokens: reads("array<u32>"),
      slots: writes("array<u32>"),
    },
    code,
  };
}

import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { stepStruct } from "./shared/step";

export const embeddingGatherSize = 64;

/**
 * The embedding of every step's token, for nets in which no recurrent layer follows directly.
 *
 *     out[r] = embeddings[tokens[rowTokens[r]]]
 *
 *     rowTokens   [N]     where the token of a state row lies; `noToken` in rows before a first step
 *     tokens      [·]     token ids
 *     embeddings  [V, E]
 *     out         [N, E]  out: zeros in rows without a token
 *
 * An invocation per element of `out`.
 */
export function embeddingGather(width: number): KernelDeclaration {
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${embeddingGatherSize})
fn main(${gridParameters}) {
  let at = ${linearId(embeddingGatherSize)};
  let row = at / ${width}u;
  if (row >= step.rows) { return; }
  var value = 0.0;
  if (rowTokens[row] != 0xffffffffu) {
    value = embeddings[tokens[rowTokens[row]] * ${width}u + at % ${width}u];
  }
  out[at] = value;
}`;
  return {
    name: "embeddingGather",
    constants: { width },
    bindings: {
      step: uniform("Step"),
      rowTokens: reads("array<u32>"),
      tokens: reads("array<u32>"),
      embeddings: reads(),
      out: writes(),
    },
    code,
  };
}

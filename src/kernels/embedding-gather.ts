import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { stepStruct } from "./shared/step";
import { inPart, partConstants, rowInPart, type TablePart } from "./shared/table-part";

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
 * Of a table that comes in parts only the rows with tokens of the part are written, by the first part's dispatch also
 * those without a token.
 *
 * An invocation per element of `out`.
 */
export function embeddingGather(width: number, part?: TablePart): KernelDeclaration {
  const others = part !== undefined && part.first > 0;
  const code = wgsl`
${stepStruct}

@compute @workgroup_size(${embeddingGatherSize})
fn main(${gridParameters}) {
  let at = ${linearId(embeddingGatherSize)};
  let row = at / ${width}u;
  if (row >= step.rows) { return; }
  var value = 0.0;
  if (rowTokens[row] != 0xffffffffu) {
    let token = tokens[rowTokens[row]];
    if (!${inPart(part, "token")}) { return; }
    value = embeddings[${rowInPart(part, "token")} * ${width}u + at % ${width}u];
  }
  #if ${others}
  else { return; }
  #endif
  out[at] = value;
}`;
  return {
    name: "embeddingGather",
    constants: { width, ...partConstants(part) },
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

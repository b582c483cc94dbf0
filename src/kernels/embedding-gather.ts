import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";
import { inPart, partConstants, rowInPart, type TablePart } from "./shared/table-part";

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
export function embeddingGather(width: number, part?: TablePart): SizedKernel {
  const others = part !== undefined && part.first > 0;
  return elementKernel({
    name: "embeddingGather",
    constants: { width, ...partConstants(part) },
    rows: "rows",
    columns: width,
    bindings: {
      embeddings: reads(),
      out: writes(),
    },
    main: wgsl`
  var value = 0.0;
  if (rowTokens[row] != 0xffffffffu) {
    let token = tokens[rowTokens[row]];
    if (!${inPart(part, "token")}) { return; }
    value = embeddings[${rowInPart(part, "token")} * ${width}u + column];
  }
  #if ${others}
  else { return; }
  #endif
  out[id] = value;`,
  });
}

import { reads, type Binding } from "../../runtime/kernel";

/** Which steps are masked: none; those whose token is 0; those that another kernel marked, row by row. */
export type Masked = false | "tokens" | "rows";

/**
 * The bindings through which a kernel finds the mask.
 *
 *     tokens  [·]  token ids; 0 is masked
 *     mask    [N]  0 in the state rows of masked steps, 1 in others
 */
export function maskBindings(masked: Masked): Record<string, Binding> {
  if (masked === false) return {};
  return { [masked === "tokens" ? "tokens" : "mask"]: reads("array<u32>") };
}

/** WGSL: whether step `t` of `segment`, in the order of the input, is masked. */
export function maskedStep(masked: Masked, t = "t"): string {
  if (masked === false) return "false";
  return masked === "tokens" ? `tokens[segment.tokens + ${t}] == 0u` : `mask[segment.row + 1u + ${t}] == 0u`;
}

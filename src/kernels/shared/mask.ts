/** Which steps are masked: none; those whose token is 0; those that another kernel marked, row by row. */
export type Masked = false | "tokens" | "rows";

/** WGSL: whether step `t` of `segment`, in the order of the input, is masked. */
export function maskedStep(masked: Masked, t = "t"): string {
  if (masked === false) return "false";
  return masked === "tokens" ? `tokens[segment.tokens + ${t}] == 0u` : `mask[segment.row + 1u + ${t}] == 0u`;
}

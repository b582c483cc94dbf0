export interface InputRowOptions {
  /**
   * Which input row belongs to row r: `same` row r; `above` row r - 1, the state before the step; `last` the last state
   * of sample r; `token` the embedding of task r's token.
   */
  rows: "same" | "above" | "last" | "token";
  /** Number of the first sample's segment. */
  first: number;
}

/** WGSL: function `inputRow(r)`. */
export function inputRowFunction({ rows, first }: InputRowOptions): string {
  const body = {
    same: "return r;",
    above: "return max(r, 1u) - 1u;",
    last: `let segment = segments[r + ${first}u]; return segment.row + segment.steps;`,
    token: "return taskTokens[r];",
  }[rows];
  return `fn inputRow(r: u32) -> u32 { ${body} }`;
}

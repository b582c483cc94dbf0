/**
 * Some rows of a matrix that is larger than a kernel can bind: a dispatch for each part. Of an embedding table it takes
 * the tokens that it has.
 */
export interface TablePart {
  /** Number of its first row, and how many it has. */
  first: number;
  rows: number;
}

/** WGSL: whether a token's row is in the part; without one, the whole table is bound. */
export const inPart = (part: TablePart | undefined, token: string): string =>
  part ? `(${token} >= ${part.first}u && ${token} < ${part.first + part.rows}u)` : "true";

/** WGSL: the number of a token's row within what is bound. */
export const rowInPart = (part: TablePart | undefined, token: string): string =>
  part ? `(${token} - ${part.first}u)` : token;

/** What tells the kernels of different parts apart. */
export const partConstants = (part: TablePart | undefined): Record<string, number> =>
  part ? { firstRow: part.first, partRows: part.rows } : {};

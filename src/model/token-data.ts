import { invalid } from "../runtime/errors";

/** A rectangular matrix of token ids, as `padSequences` returns it, or plain rows. */
export type TokenInput =
  { data: Int32Array | Uint32Array; shape: readonly number[] } | readonly ArrayLike<number>[];

/**
 * Rows of token ids, all of T steps, stored without the zeros that they begin with: those are padding,
 * which samples may share.
 */
export interface TokenData {
  rows: number;
  /** Steps T of every row, padding included. */
  steps: number;
  /** What follows the padding, row after row. */
  tokens: Uint32Array;
  /** [rows + 1] where each row begins in `tokens`; its length is the distance to the next. */
  starts: Uint32Array;
}

/**
 * Checks token ids and puts them into one array.
 *
 * @param x [rows, T] token ids
 * @param vocabulary ids must be whole numbers in [0, vocabulary)
 * @throws {InvalidInputError} ragged or empty rows, an id out of range or not a whole number.
 */
export function tokenData(x: TokenInput, vocabulary: number, where: string): TokenData {
  const [rows, steps] = shapeOf(x, where);
  const flat = "data" in x ? x.data : undefined;
  const tokens = new Uint32Array(rows * steps);
  const starts = new Uint32Array(rows + 1);
  let end = 0;
  for (let row = 0; row < rows; row++) {
    const source = flat ?? (x as readonly ArrayLike<number>[])[row];
    const from = flat ? row * steps : 0;
    let t = 0;
    while (t < steps && source[from + t] === 0) t++;
    for (; t < steps; t++) {
      const token = source[from + t];
      if (!(token >= 0 && token < vocabulary && Number.isInteger(token))) {
        throw invalid(
          where,
          `token ids that are whole numbers from 0 to ${vocabulary - 1} (inputDim is ${vocabulary})`,
          `${token} in row ${row}, step ${t}`,
          "raise inputDim or load the data with a smaller numWords",
        );
      }
      tokens[end++] = token;
    }
    starts[row + 1] = end;
  }
  return { rows, steps, tokens: tokens.slice(0, end), starts };
}

function shapeOf(x: TokenInput, where: string): [number, number] {
  const fail = (expected: string, got: string, remedy: string): never => {
    throw invalid(where, expected, got, remedy);
  };
  if (x === null || typeof x !== "object") {
    return fail("x as rows of token ids", String(x), "pass { data, shape } or number[][]");
  }
  if ("data" in x) {
    const [rows, steps] = x.shape;
    if (x.shape.length !== 2 || x.data.length !== rows * steps) {
      fail(
        "x with shape [rows, maxlen] and rows · maxlen ids",
        `shape [${x.shape.join(", ")}] and ${x.data.length} ids`,
        "pad the sequences with padSequences",
      );
    }
    if (rows === 0 || steps === 0)
      fail("at least one row and one step", `shape [${rows}, ${steps}]`, "pass data");
    return [rows, steps];
  }
  if (x.length === 0) fail("at least one row of token ids", "an empty array", "pass data");
  const steps = x[0]?.length;
  if (!steps) fail("rows with at least one token id", `${steps} ids in row 0`, "pass rows of token ids");
  const ragged = x.findIndex((row) => row?.length !== steps);
  if (ragged >= 0) {
    fail(
      `rows of one length (${steps}, as row 0)`,
      `${x[ragged]?.length} ids in row ${ragged}`,
      "pad the sequences with padSequences",
    );
  }
  return [x.length, steps];
}

/** One data set after another, for a training set and its validation set in one piece of memory. */
export function concatenate(first: TokenData, second: TokenData, where: string): TokenData {
  if (first.steps !== second.steps) {
    throw invalid(
      where,
      `validation rows of ${first.steps} steps, as in x`,
      `${second.steps}`,
      "pad both with the same maxlen",
    );
  }
  const tokens = new Uint32Array(first.tokens.length + second.tokens.length);
  tokens.set(first.tokens);
  tokens.set(second.tokens, first.tokens.length);
  const starts = new Uint32Array(first.rows + second.rows + 1);
  starts.set(first.starts);
  second.starts.forEach((start, row) => (starts[first.rows + row] = first.tokens.length + start));
  return { rows: first.rows + second.rows, steps: first.steps, tokens, starts };
}

/** The same rows with their padding written out, for nets whose samples cannot share it. */
export function withPadding(data: TokenData): TokenData {
  const { rows, steps, starts } = data;
  const tokens = new Uint32Array(rows * steps);
  for (let row = 0; row < rows; row++) {
    const real = data.tokens.subarray(starts[row], starts[row + 1]);
    tokens.set(real, (row + 1) * steps - real.length);
  }
  return { rows, steps, tokens, starts: Uint32Array.from({ length: rows + 1 }, (_, row) => row * steps) };
}

/** Steps of a row that are stored. */
export function rowLength(data: TokenData, row: number): number {
  return data.starts[row + 1] - data.starts[row];
}

import { invalid, InvalidInputError } from "../runtime/errors";

export interface PadOptions {
  /** Length of each row; the longest sequence's where it is left out. */
  maxlen?: number | null;
  /** The side on which short sequences are filled up (default "pre"). */
  padding?: "pre" | "post";
  /** The side from which long sequences lose (default "pre"). */
  truncating?: "pre" | "post";
  /** What fills up (default 0). */
  value?: number;
  /** Type of the numbers (default "int32"). */
  dtype?: "int32" | "uint32";
}

/** Rows of one length, one after the other. */
export interface PaddedSequences<Data extends Int32Array | Uint32Array = Int32Array> {
  data: Data;
  shape: [rows: number, maxlen: number];
}

function wrong(expected: string, got: string, remedy: string): InvalidInputError {
  return invalid("padSequences", expected, got, remedy);
}

function checkSide(name: string, side: unknown): asserts side is "pre" | "post" {
  if (side !== "pre" && side !== "post") {
    throw wrong(`${name} "pre" or "post"`, JSON.stringify(side), "pass one of these");
  }
}

function checkRows(sequences: ArrayLike<ArrayLike<number>>): number {
  if (typeof sequences !== "object" || typeof sequences?.length !== "number") {
    throw wrong("sequences as a list of lists", typeof sequences, "pass an array of rows");
  }
  let longest = 0;
  for (let i = 0; i < sequences.length; i++) {
    const row: unknown = sequences[i];
    if (typeof row !== "object" || row === null || !("length" in row) || typeof row.length !== "number") {
      throw wrong(
        "a list of numbers in each row",
        `${String(row)} in row ${i}`,
        "wrap a single sequence in [ ]",
      );
    }
    longest = Math.max(longest, row.length);
  }
  return longest;
}

function chooseLength(maxlen: number | null | undefined, rows: number, longest: number): number {
  if (maxlen === undefined || maxlen === null) {
    if (rows === 0) throw wrong("a sequence to take maxlen from", "none", "pass maxlen");
    return longest;
  }
  if (Number.isInteger(maxlen) && maxlen > 0) return maxlen;
  throw wrong("maxlen as a whole number of at least 1", String(maxlen), "pass such a number or leave it out");
}

/**
 * Brings sequences to one length, as Keras's `pad_sequences` does: short ones are filled up, long ones cut.
 *
 * @param sequences rows of whole numbers, of any lengths
 * @param options the length, and on which side to fill and to cut
 * @returns `data` of shape [rows, maxlen], row after row
 * @throws InvalidInputError for rows that are no lists, numbers that the type cannot hold, or wrong options
 *
 * @example
 * padSequences([[1], [2, 3], [4, 5, 6]], { maxlen: 2 }); // data 0, 1, 2, 3, 5, 6; shape [3, 2]
 *
 * @see https://keras.io/api/data_loading/timeseries/#pad_sequences-function
 */
export function padSequences(
  sequences: ArrayLike<ArrayLike<number>>,
  options?: PadOptions & { dtype?: "int32" },
): PaddedSequences;
export function padSequences(
  sequences: ArrayLike<ArrayLike<number>>,
  options: PadOptions & { dtype: "uint32" },
): PaddedSequences<Uint32Array>;
export function padSequences(
  sequences: ArrayLike<ArrayLike<number>>,
  options: PadOptions = {},
): PaddedSequences<Int32Array | Uint32Array> {
  const { padding = "pre", truncating = "pre", value = 0, dtype = "int32" } = options;
  checkSide("padding", padding);
  checkSide("truncating", truncating);
  if (dtype !== "int32" && dtype !== "uint32") {
    throw wrong('dtype "int32" or "uint32"', JSON.stringify(dtype), "pass one of these");
  }
  const maxlen = chooseLength(options.maxlen, sequences?.length, checkRows(sequences));
  const data = new { int32: Int32Array, uint32: Uint32Array }[dtype](sequences.length * maxlen);
  const fits = dtype === "int32" ? (id: number) => (id | 0) === id : (id: number) => id >>> 0 === id;
  if (!fits(value)) throw wrong(`a value of type ${dtype}`, String(value), "pass a whole number");
  data.fill(value);
  for (let row = 0; row < sequences.length; row++) {
    const ids = sequences[row];
    const kept = Math.min(ids.length, maxlen);
    const from = truncating === "pre" ? ids.length - kept : 0;
    const to = row * maxlen + (padding === "pre" ? maxlen - kept : 0);
    for (let i = 0; i < kept; i++) {
      const id = ids[from + i];
      if (!fits(id)) {
        throw wrong(`numbers of type ${dtype}`, `${String(id)} at [${row}][${from + i}]`, "pass token ids");
      }
      data[to + i] = id;
    }
  }
  return { data, shape: [sequences.length, maxlen] };
}

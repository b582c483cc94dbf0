import { FormatError, describe } from "../runtime/errors";
import { readPickle } from "./pickle";
import { type PickleValue, PickledArray } from "./pickle-values";
import { decodeNumbers } from "./numbers";

/** NumPy itself refuses to parse longer headers. */
const LONGEST_HEADER = 10_000;

interface Header {
  dtype: string;
  length: number;
  start: number;
}

function damaged(where: string, expected: string, got: string): FormatError {
  return new FormatError(describe(where, expected, got, "save it with numpy.save or fetch the file again"));
}

function readHeader(bytes: Uint8Array, where: string): Header {
  // Not TextDecoder: what the web calls latin1 is windows-1252, in which byte 0x93 is a quotation mark.
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  if (magic !== "\x93NUMPY" || bytes.length < 12) {
    throw damaged(where, "an npy array", JSON.stringify(magic));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (version < 1 || version > 3) throw damaged(where, "npy version 1, 2 or 3", String(version));
  const before = version === 1 ? 10 : 12;
  const size = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (size > LONGEST_HEADER || before + size > bytes.length) {
    throw damaged(where, `a header of at most ${LONGEST_HEADER} bytes`, `${size} bytes`);
  }
  return parseHeader(
    new TextDecoder("latin1").decode(bytes.subarray(before, before + size)),
    before + size,
    where,
  );
}

function parseHeader(text: string, start: number, where: string): Header {
  const dtype = /'descr': '([^']{1,8})'/.exec(text)?.[1];
  const shape = /'shape': \((\d{1,9}),\)/.exec(text)?.[1];
  if (dtype === undefined || shape === undefined) {
    throw damaged(where, "one axis and a plain type, as in {'descr': '<i8', 'shape': (25000,)}", text.trim());
  }
  return { dtype, length: Number(shape), start };
}

/**
 * Reads a one-axis array of numbers from the bytes of an npy file.
 *
 * @throws FormatError where the bytes are damaged or hold anything else
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function readNumbers(bytes: Uint8Array, where: string): ArrayLike<number> {
  const { dtype, length, start } = readHeader(bytes, where);
  return decodeNumbers(dtype, bytes.subarray(start), length, where);
}

/**
 * Reads a one-axis object array from the bytes of an npy file: a pickle lies behind the header.
 *
 * @throws FormatError where the bytes are damaged or hold anything else
 */
export function readObjects(bytes: Uint8Array, where: string): PickleValue[] {
  const { dtype, length, start } = readHeader(bytes, where);
  if (!dtype.endsWith("O")) throw damaged(where, "an object array ('|O')", `'${dtype}'`);
  const value = readPickle(bytes.subarray(start), where);
  if (!(value instanceof PickledArray) || !Array.isArray(value.items)) {
    throw damaged(where, "a pickled object array", "another value");
  }
  if (value.items.length !== length) {
    throw damaged(where, `${length} rows`, String(value.items.length));
  }
  return value.items;
}

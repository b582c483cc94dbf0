import { FormatError, describe } from "../runtime/errors";

type Reader = (view: DataView, at: number, little: boolean) => number;

/** How one number of each NumPy type is read, by kind and width. */
const readers: Record<string, [width: number, read: Reader]> = {
  b1: [1, (view, at) => view.getUint8(at)],
  i1: [1, (view, at) => view.getInt8(at)],
  u1: [1, (view, at) => view.getUint8(at)],
  i2: [2, (view, at, little) => view.getInt16(at, little)],
  u2: [2, (view, at, little) => view.getUint16(at, little)],
  i4: [4, (view, at, little) => view.getInt32(at, little)],
  u4: [4, (view, at, little) => view.getUint32(at, little)],
  i8: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  u8: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
  f4: [4, (view, at, little) => view.getFloat32(at, little)],
  f8: [8, (view, at, little) => view.getFloat64(at, little)],
};

/**
 * Decodes raw NumPy numbers.
 *
 * @param dtype NumPy's type string with byte order, such as `<i8`
 * @param bytes exactly `length` numbers
 * @throws FormatError for an unknown type or a wrong number of bytes
 */
export function decodeNumbers(dtype: string, bytes: Uint8Array, length: number, where: string): Float64Array {
  const reader = /^[<>|=]?([biuf][1248])$/.exec(dtype)?.[1] ?? "";
  if (!Object.hasOwn(readers, reader)) {
    throw new FormatError(describe(where, "a type like '<i8' or '<f4'", `'${dtype}'`, "save it as int64"));
  }
  const [width, read] = readers[reader];
  if (bytes.length !== length * width) {
    const expected = `${length} numbers of ${width} bytes`;
    throw new FormatError(describe(where, expected, `${bytes.length} bytes`, "fetch the file again"));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = !dtype.startsWith(">");
  return Float64Array.from({ length }, (_, i) => read(view, i * width, little));
}

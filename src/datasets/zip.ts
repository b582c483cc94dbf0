import { inflateSync } from "fflate";
import { FormatError, describe } from "../runtime/errors";

/** More than this unfolded is no data set of this library. */
const LARGEST_ENTRY = 2 ** 26;
/** Deflate cannot fold tighter than this. */
const TIGHTEST = 1032;
const END_RECORD = 22;
const CENTRAL_RECORD = 46;
const LOCAL_RECORD = 30;

interface Entry {
  method: number;
  crc: number;
  packed: number;
  size: number;
  offset: number;
}

/** The end record is the last thing in a zip, but for a comment of at most 65,535 bytes. */
function findEndRecord(view: DataView, where: string): number {
  const lowest = Math.max(0, view.byteLength - END_RECORD - 0xffff);
  for (let at = view.byteLength - END_RECORD; at >= lowest; at--) {
    if (view.getUint32(at, true) === 0x06054b50) return at;
  }
  throw new FormatError(
    describe(
      where,
      "a zip file",
      `${view.byteLength} bytes without a zip's end record`,
      "fetch the file again",
    ),
  );
}

function checkName(name: string, seen: Map<string, Entry>, where: string): void {
  if (name === "" || /[/\\\0]|^\.\.?$/.test(name)) {
    const got = `an entry named ${JSON.stringify(name)}`;
    throw new FormatError(describe(where, "plain file names in the zip", got, "do not use this file"));
  }
  if (seen.has(name)) {
    throw new FormatError(describe(where, "each entry once", `"${name}" twice`, "do not use this file"));
  }
}

function checkSizes(name: string, entry: Entry, length: number, where: string): void {
  const outside = entry.offset + LOCAL_RECORD + entry.packed > length;
  const plausible = entry.method === 0 ? entry.packed : (entry.packed + 1) * TIGHTEST;
  const absurd = entry.size > plausible || entry.size > LARGEST_ENTRY;
  if (!outside && !absurd) return;
  const expected = `at most ${Math.min(plausible, LARGEST_ENTRY)} bytes in "${name}", all inside the file`;
  const got = `${entry.size} bytes from ${entry.packed} at byte ${entry.offset} of ${length}`;
  throw new FormatError(describe(where, expected, got, "fetch the file again"));
}

function readDirectory(view: DataView, where: string): Map<string, Entry> {
  const end = findEndRecord(view, where);
  const count = view.getUint16(end + 10, true);
  const entries = new Map<string, Entry>();
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_RECORD > end || view.getUint32(at, true) !== 0x02014b50) {
      throw new FormatError(
        describe(where, `${count} entries in the zip's directory`, `${i}`, "fetch the file again"),
      );
    }
    const nameLength = view.getUint16(at + 28, true);
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at + CENTRAL_RECORD);
    const name = new TextDecoder("latin1").decode(bytes.subarray(0, nameLength));
    checkName(name, entries, where);
    entries.set(name, {
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
    at += CENTRAL_RECORD + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The CRC-32 that zip stores with each entry. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

function unfold(name: string, entry: Entry, packed: Uint8Array, where: string): Uint8Array {
  if (entry.method === 0) return packed;
  if (entry.method !== 8) {
    throw new FormatError(
      describe(where, `"${name}" stored or deflated`, `method ${entry.method}`, "save it with numpy.savez"),
    );
  }
  try {
    return inflateSync(packed, { out: new Uint8Array(entry.size) });
  } catch (cause) {
    const message = describe(where, `"${name}" as deflated data`, "damaged bytes", "fetch the file again");
    throw new FormatError(message, { cause });
  }
}

function readEntry(file: Uint8Array, view: DataView, name: string, entry: Entry, where: string): Uint8Array {
  checkSizes(name, entry, file.length, where);
  const { offset } = entry;
  if (view.getUint32(offset, true) !== 0x04034b50) {
    const got = `other bytes at ${offset}`;
    throw new FormatError(describe(where, `"${name}" where the directory says`, got, "fetch the file again"));
  }
  const start = offset + LOCAL_RECORD + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const bytes = unfold(name, entry, file.subarray(start, start + entry.packed), where);
  if (bytes.length !== entry.size || crc32(bytes) !== entry.crc) {
    const expected = `${entry.size} bytes of "${name}" with checksum ${entry.crc.toString(16)}`;
    throw new FormatError(describe(where, expected, `${bytes.length} other bytes`, "fetch the file again"));
  }
  return bytes;
}

/**
 * Unfolds the entries asked for, and only those. Sizes are checked before anything is unfolded, checksums after.
 *
 * @param file the zip's bytes
 * @param names the entries wanted
 * @param where what to call the file in messages
 * @returns the bytes of each, in the order of `names`
 * @throws FormatError where the zip is damaged, lacks an entry, or holds absurd sizes or paths
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function readZip(file: Uint8Array, names: readonly string[], where: string): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const entries = readDirectory(view, where);
  return names.map((name) => {
    const entry = entries.get(name);
    if (entry) return readEntry(file, view, name, entry, where);
    const got = [...entries.keys()].slice(0, 8).join(", ") || "an empty zip";
    throw new FormatError(describe(where, `an entry "${name}"`, got, "pass Keras's imdb.npz"));
  });
}

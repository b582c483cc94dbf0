import { inflateSync, zipSync } from "fflate";
import { crc32 } from "./crc32";
import { refused } from "./stored-model";

interface Entry {
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

const endRecord = 22;
const centralRecord = 46;
const localRecord = 30;
const maxComment = 0xffff;
const maxEntries = 1000;
/** Weights can be folded, but not by this much; what claims more is a bomb. */
const maxExpansion = 64;
const smallFile = 2 ** 20;

/**
 * The entries of a zip that are asked for, stored or deflated. Sizes are checked before anything is unfolded,
 * checksums after.
 *
 * @throws FormatError when the zip is damaged, lacks an entry, or unfolds to absurd sizes
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function readZip(file: Uint8Array, names: readonly string[]): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const entries = readDirectory(view);
  let left = maxExpansion * file.length + smallFile;
  return names.map((name) => {
    const entry = entries.get(name);
    if (!entry) {
      const got = [...entries.keys()].slice(0, 8).join(", ") || "an empty zip";
      throw refused(`an entry "${name}" in the zip`, got, "pass a file that model.save(…) wrote");
    }
    if (entry.size > left) {
      throw refused(`at most ${left} bytes as "${name}"`, `${entry.size}`, "do not use this file");
    }
    left -= entry.size;
    return readEntry(file, view, name, entry);
  });
}

/** A zip of stored entries, which Keras reads without unfolding them. */
export function writeZip(entries: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> {
  // The first day that a zip can hold: the file's metadata says when it was saved.
  return zipSync(entries, { level: 0, mtime: new Date(1980, 0, 1) });
}

function readDirectory(view: DataView): Map<string, Entry> {
  const end = findEndRecord(view);
  const count = view.getUint16(end + 10, true);
  if (count > maxEntries) throw refused(`at most ${maxEntries} entries in the zip`, String(count));
  const entries = new Map<string, Entry>();
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    if (at + centralRecord > end || view.getUint32(at, true) !== 0x02014b50) {
      throw refused(`${count} entries in the zip's directory`, String(i));
    }
    const nameLength = view.getUint16(at + 28, true);
    if (at + centralRecord + nameLength > end)
      throw refused("names inside the zip's directory", "a longer one");
    const nameBytes = new Uint8Array(view.buffer, view.byteOffset + at + centralRecord, nameLength);
    const name = new TextDecoder().decode(nameBytes);
    if (entries.has(name))
      throw refused("each entry of the zip once", `"${name}" twice`, "do not use this file");
    entries.set(name, {
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
    at += centralRecord + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

/** The end record is the last thing in a zip, but for a comment. */
function findEndRecord(view: DataView): number {
  const lowest = Math.max(0, view.byteLength - endRecord - maxComment);
  for (let at = view.byteLength - endRecord; at >= lowest; at--) {
    if (view.getUint32(at, true) === 0x06054b50) return at;
  }
  throw refused("a zip file", `${view.byteLength} bytes without a zip's end: it is cut off`);
}

function readEntry(file: Uint8Array, view: DataView, name: string, entry: Entry): Uint8Array {
  const { offset, packed, size, method, crc } = entry;
  const begin = offset + localRecord;
  if (begin > file.length || view.getUint32(offset, true) !== 0x04034b50) {
    throw refused(`"${name}" at byte ${offset} of the zip`, "something else");
  }
  const start = begin + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (start + packed > file.length)
    throw refused(`${packed} bytes as "${name}"`, "fewer: the zip is cut off");
  const bytes = unfold(name, method, file.subarray(start, start + packed), size);
  const found = crc32(bytes);
  const expected = crc.toString(16).padStart(8, "0");
  if (bytes.length === size && found === expected) return bytes;
  throw refused(`${size} bytes of "${name}" with checksum ${expected}`, `${bytes.length} with ${found}`);
}

function unfold(name: string, method: number, packed: Uint8Array, size: number): Uint8Array {
  if (method === 0) return packed;
  if (method !== 8) throw refused(`"${name}" stored or deflated`, `method ${method}`, "save it with Keras");
  try {
    return inflateSync(packed, { out: new Uint8Array(size) });
  } catch (error) {
    throw refused(`"${name}" as deflated data`, "damaged bytes", undefined, error);
  }
}

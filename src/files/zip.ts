import { Inflate, Zip, ZipPassThrough } from "fflate";
import { FormatError, describe } from "../runtime/errors";
import { concat } from "./concat";
import { crc32, hexadecimal } from "./crc32";

/** What a zip is read for. */
export interface ZipUse {
  /** What to call the file in messages. */
  readonly where: string;
  /** What to do about a damaged file. */
  readonly remedy: string;
  /** What to do about one that lacks an entry, or folds it in an unknown way. */
  readonly other: string;
  /** Bytes that all entries asked for may unfold to. */
  readonly limit: number;
}

interface Entry {
  readonly method: number;
  readonly crc: string;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

const endRecord = 22;
const centralRecord = 46;
const localRecord = 30;
const maxComment = 0xffff;
const maxEntries = 1000;
/** Deflate cannot fold tighter than this. */
const tightest = 1032;
/** Unfolded at a time: what lies about its size is found out after 64 MiB at most. */
const piece = 2 ** 16;
const forgery = "do not use this file";

/**
 * Unfolds the entries asked for, and only those. Sizes are checked before anything is unfolded, and while it is;
 * checksums after. Names are looked up and never used as paths; those that lead out of a folder are refused all
 * the same.
 *
 * @param file the zip's bytes
 * @param names the entries wanted
 * @returns the bytes of each, in the order of `names`
 * @throws FormatError where the zip is damaged, lacks an entry, or holds absurd sizes or paths
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function readZip(file: Uint8Array, names: readonly string[], use: ZipUse): Uint8Array[] {
  return new ZipReader(file, use).read(names);
}

/** A zip of stored entries, which others read without unfolding them. */
export function writeZip(entries: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  const zip = new Zip((error, piece) => {
    if (error) throw error;
    pieces.push(piece);
  });
  for (const [name, bytes] of Object.entries(entries)) {
    const entry = new ZipPassThrough(name);
    // The first day that a zip can hold: what is written does not depend on the day.
    entry.mtime = new Date(1980, 0, 1);
    zip.add(entry);
    entry.push(bytes, true);
  }
  zip.end();
  return concat(pieces);
}

class ZipReader {
  readonly #file: Uint8Array;
  readonly #view: DataView;
  readonly #use: ZipUse;
  readonly #entries = new Map<string, Entry>();

  constructor(file: Uint8Array, use: ZipUse) {
    this.#file = file;
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    this.#use = use;
    this.#readDirectory();
  }

  read(names: readonly string[]): Uint8Array[] {
    let left = this.#use.limit;
    return names.map((name) => {
      const entry = this.#entries.get(name);
      if (!entry) {
        const got = [...this.#entries.keys()].slice(0, 8).join(", ") || "an empty zip";
        throw this.#refused(`an entry "${name}" in the zip`, got, this.#use.other);
      }
      this.#checkSizes(name, entry, left);
      left -= entry.size;
      return this.#readEntry(name, entry);
    });
  }

  #refused(expected: string, got: string, remedy = this.#use.remedy, cause?: unknown): FormatError {
    return new FormatError(describe(this.#use.where, expected, got, remedy), { cause });
  }

  #readDirectory(): void {
    const view = this.#view;
    const end = this.#findEndRecord();
    const count = view.getUint16(end + 10, true);
    if (count > maxEntries) throw this.#refused(`at most ${maxEntries} entries in the zip`, String(count));
    let at = view.getUint32(end + 16, true);
    for (let i = 0; i < count; i++) {
      if (at + centralRecord > end || view.getUint32(at, true) !== 0x02014b50) {
        throw this.#refused(`${count} entries in the zip's directory`, String(i));
      }
      const nameLength = view.getUint16(at + 28, true);
      if (at + centralRecord + nameLength > end) {
        throw this.#refused("names inside the zip's directory", "a longer one");
      }
      this.#addEntry(at, nameLength);
      at += centralRecord + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
  }

  /** The end record is the last thing in a zip, but for a comment. */
  #findEndRecord(): number {
    const { byteLength } = this.#view;
    const lowest = Math.max(0, byteLength - endRecord - maxComment);
    for (let at = byteLength - endRecord; at >= lowest; at--) {
      if (this.#view.getUint32(at, true) === 0x06054b50) return at;
    }
    throw this.#refused("a zip file", `${byteLength} bytes without a zip's end record: it is cut off`);
  }

  #addEntry(at: number, nameLength: number): void {
    const view = this.#view;
    const name = new TextDecoder().decode(
      this.#file.subarray(at + centralRecord, at + centralRecord + nameLength),
    );
    if (leavesFolder(name)) {
      throw this.#refused("plain file names in the zip", `an entry named ${JSON.stringify(name)}`, forgery);
    }
    if (this.#entries.has(name)) {
      throw this.#refused("each entry of the zip once", `"${name}" twice`, forgery);
    }
    this.#entries.set(name, {
      method: view.getUint16(at + 10, true),
      crc: hexadecimal(view.getUint32(at + 16, true)),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
  }

  #checkSizes(name: string, { method, packed, size, offset }: Entry, left: number): void {
    const { length } = this.#file;
    if (offset + localRecord + packed > length) {
      const got = `${packed} bytes at byte ${offset} of ${length}`;
      throw this.#refused(`"${name}" inside the file`, got);
    }
    const most = Math.min(left, method === 0 ? packed : (packed + 1) * tightest);
    if (size <= most) return;
    throw this.#refused(`at most ${most} bytes as "${name}"`, `${size} bytes from ${packed}`, forgery);
  }

  #readEntry(name: string, entry: Entry): Uint8Array {
    const { offset, packed, size, crc } = entry;
    const view = this.#view;
    if (view.getUint32(offset, true) !== 0x04034b50) {
      throw this.#refused(`"${name}" where the zip's directory says`, `other bytes at ${offset}`);
    }
    const start =
      offset + localRecord + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
    const bytes = this.#unfold(name, entry, this.#file.subarray(start, start + packed));
    const found = crc32(bytes);
    if (bytes.length === size && found === crc) return bytes;
    const got = `${bytes.length} with ${found}`;
    throw this.#refused(`${size} bytes of "${name}" with checksum ${crc}`, got);
  }

  #unfold(name: string, { method, size }: Entry, packed: Uint8Array): Uint8Array {
    if (method === 0) return packed;
    if (method !== 8) {
      throw this.#refused(`"${name}" stored or deflated`, `method ${method}`, this.#use.other);
    }
    const unfolded = new Uint8Array(size);
    let filled = 0;
    const inflate = new Inflate((chunk) => {
      if (filled + chunk.length > size) {
        throw this.#refused(`${size} bytes of "${name}"`, "more, once unfolded", forgery);
      }
      unfolded.set(chunk, filled);
      filled += chunk.length;
    });
    try {
      for (let at = 0; at < packed.length; at += piece) {
        inflate.push(packed.subarray(at, at + piece), at + piece >= packed.length);
      }
    } catch (error) {
      if (error instanceof FormatError) throw error;
      throw this.#refused(`"${name}" as deflated data`, "damaged bytes", undefined, error);
    }
    return unfolded.subarray(0, filled);
  }
}

/** Absolute, with a drive or another system's separator, or with a step upwards. */
function leavesFolder(name: string): boolean {
  return name === "" || /^\/|[\\\0]|^[a-z]:/i.test(name) || name.split("/").includes("..");
}

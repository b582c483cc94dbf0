import { Inflate } from "fflate";
import type { FormatError } from "../../runtime/errors";
import { refused } from "../stored-model";

const signatures = { tree: 0x45455254, symbols: 0x444f4e53, indirectBlock: 0x42494846 };
/** Steps that a small file may take; Keras's own take a thousand. */
const leastSteps = 2 ** 17;
/** Bytes that a small file may unfold to. */
const leastBytes = 2 ** 22;

/**
 * What reading one file may cost. jsfive follows every address that a file holds, so a few bytes can send it round in
 * circles or have it unfold a chunk without end. It copies each structure out of the file's buffer before it reads
 * it, and there it is charged.
 */
export class ReadingBudget {
  #steps: number;
  #bytes: number;

  /**
   * @param fileBytes of the whole file; to read each structure a few times must do
   * @param maxExpansion how many times its size the file's values may have
   */
  constructor(
    readonly fileBytes: number,
    maxExpansion: number,
  ) {
    this.#steps = fileBytes / 8 + leastSteps;
    this.#bytes = maxExpansion * fileBytes + leastBytes;
  }

  /** The file's bytes in a buffer that charges for each copy made of a part. */
  guard(bytes: Uint8Array): ArrayBuffer {
    const buffer = bytes.slice().buffer;
    const view = new DataView(buffer);
    const slice = buffer.slice.bind(buffer);
    const charged = (begin = 0, end = buffer.byteLength): ArrayBuffer => {
      const part = slice(begin, end);
      this.#step(1 + part.byteLength / 64);
      if (part.byteLength === 4 && begin + 8 <= buffer.byteLength) this.#step(this.#entries(view, begin));
      return part;
    };
    Object.defineProperty(buffer, "slice", { value: charged });
    return buffer;
  }

  /** In place of jsfive's own, which unfolds a chunk however large it becomes. */
  inflate(packed: ArrayBuffer): ArrayBuffer {
    const parts: Uint8Array[] = [];
    // Its own two bytes stand before the deflated data, and a checksum behind.
    const inflate = new Inflate((part) => {
      this.#bytes -= part.length;
      if (this.#bytes < 0) throw endless();
      parts.push(part);
    });
    const deflated = new Uint8Array(packed, 2);
    const piece = 2 ** 14;
    for (let at = 0; at < deflated.length; at += piece) {
      inflate.push(deflated.subarray(at, at + piece), at + piece >= deflated.length);
    }
    const unfolded = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      unfolded.set(part, at);
      at += part.length;
    }
    return unfolded.buffer;
  }

  /** How many entries stand behind a signature: they are read without further copies. */
  #entries(view: DataView, at: number): number {
    const signature = view.getUint32(at, true);
    if (signature === signatures.indirectBlock) return this.fileBytes / 8;
    const counts = signature === signatures.tree || signature === signatures.symbols;
    return counts ? view.getUint16(at + 6, true) : 0;
  }

  #step(count: number): void {
    this.#steps -= count;
    if (this.#steps < 0) throw endless();
  }
}

function endless(): FormatError {
  const got = "one that repeats itself without end";
  return refused("an HDF5 file whose parts are each read once", got, "do not use this file");
}

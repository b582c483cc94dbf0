import { Inflate } from "fflate";
import { refused } from "../stored-model";

const signatures = { tree: 0x45455254, symbols: 0x444f4e53, indirectBlock: 0x42494846 };
/** Units that a small file may take: the largest of Keras's own takes a twentieth. */
const smallFile = 2 ** 21;

/**
 * What reading one file may cost. jsfive follows every address that a file holds, so a few bytes can send it round in
 * circles or have it unfold a chunk without end. It copies each structure out of the file's buffer before it reads
 * it, and there it is charged.
 */
export class ReadingBudget {
  #left: number;

  /** @param fileBytes of the whole file; reading each structure a few times must do */
  constructor(readonly fileBytes: number) {
    this.#left = fileBytes + smallFile;
  }

  /** The file's bytes in a buffer that charges for each copy made of a part. */
  guard(bytes: Uint8Array): ArrayBuffer {
    const buffer = bytes.slice().buffer;
    const view = new DataView(buffer);
    const slice = buffer.slice.bind(buffer);
    const charged = (begin = 0, end = buffer.byteLength): ArrayBuffer => {
      const part = slice(begin, end);
      this.#charge(1 + part.byteLength / 8);
      if (part.byteLength === 4 && begin + 8 <= buffer.byteLength) this.#charge(this.#entries(view, begin));
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
      this.#charge(part.length / 8);
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

  #charge(units: number): void {
    this.#left -= units;
    if (this.#left >= 0) return;
    throw refused(
      "an HDF5 file that each of its parts is read from once",
      "one that repeats itself without end",
    );
  }
}

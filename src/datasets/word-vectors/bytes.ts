import { describe, FormatError, invalid, InvalidInputError } from "../../runtime/errors";

/** Bytes that come piece by piece: a Node file stream, a browser's `Blob` or `ReadableStream`, or all at once. */
export type ByteSource =
  AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | Blob | Uint8Array | ArrayBuffer;

export const where = "readWordVectors";

/** What a damaged file is refused with. */
export function damaged(expected: string, got: string, cause?: unknown): FormatError {
  return new FormatError(describe(where, expected, got, "fetch the file again"), { cause });
}

async function nextOf(pieces: AsyncIterator<Uint8Array, unknown>): Promise<Uint8Array | undefined> {
  const result = await pieces.next();
  return result.done ? undefined : result.value;
}

async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function open(source: ByteSource): AsyncIterator<Uint8Array> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    return piecesOf(new Blob([new Uint8Array(source)]).stream());
  }
  if (source instanceof Blob) return piecesOf(source.stream());
  // Not every browser lets one iterate over a stream.
  if (source instanceof ReadableStream) return piecesOf(source);
  if (typeof source === "object" && Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  const expected = "a file stream, a Blob, a ReadableStream or bytes";
  const remedy =
    "open the file: createReadStream(path) in Node, await (await fetch(url)).blob() in a browser";
  throw invalid(where, expected, typeof source, remedy);
}

function toStream(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let next: Uint8Array | undefined = first;
  return new ReadableStream({
    async pull(controller) {
      const piece = next ?? (await nextOf(rest));
      next = undefined;
      if (piece) controller.enqueue(new Uint8Array(piece));
      else controller.close();
    },
    async cancel() {
      await rest.return?.();
    },
  });
}

async function* unpacked(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  try {
    yield* piecesOf(stream.pipeThrough(new DecompressionStream("gzip")));
  } catch (cause) {
    throw damaged("a whole gzip file", "a damaged one", cause);
  }
}

/** A file that cannot be opened says so at its first piece. */
async function firstOf(pieces: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await nextOf(pieces);
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidInputError(describe(where, "a file that can be read", got, "check the path"), { cause });
  }
}

/** The bytes of a source, piece by piece; of a gzip file, what is packed in it. */
export async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  const rest = open(source);
  try {
    const first = await firstOf(rest);
    if (!first) return;
    if (first[0] === 0x1f && first[1] === 0x8b) return yield* unpacked(toStream(first, rest));
    for (let piece: Uint8Array | undefined = first; piece; piece = await nextOf(rest)) yield piece;
  } finally {
    await rest.return?.();
  }
}

/** Reads pieces as lines and blocks; holds no more than the piece at hand and what is left of the one before. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);
  #at = 0;
  #ended = false;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * The bytes before the next `byte`, which is read over; at the end, what is left; undefined where nothing is.
   *
   * @param most more bytes than this without `byte` are no such file
   */
  async until(byte: number, most: number): Promise<Uint8Array | undefined> {
    let searched = this.#at;
    for (;;) {
      const end = this.#held.indexOf(byte, searched);
      const length = (end < 0 ? this.#held.length : end) - this.#at;
      if (length > most) throw damaged(`a line of at most ${most} bytes`, "a longer one");
      if (end >= 0) return this.#take(length, 1);
      searched = this.#held.length;
      const kept = searched - this.#at;
      if (!(await this.#fill())) return kept === 0 ? undefined : this.#take(kept, 0);
      searched = this.#at + kept;
    }
  }

  /** The next `length` bytes; undefined where there are fewer. */
  async exactly(length: number): Promise<Uint8Array | undefined> {
    while (this.#held.length - this.#at < length) if (!(await this.#fill())) return undefined;
    return this.#take(length, 0);
  }

  /** Up to `length` of the next bytes, which stay to be read. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.#held.length - this.#at < length && (await this.#fill()));
    return this.#held.subarray(this.#at, this.#at + length);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #take(length: number, over: number): Uint8Array {
    const taken = this.#held.subarray(this.#at, this.#at + length);
    this.#at += length + over;
    return taken;
  }

  async #fill(): Promise<boolean> {
    if (this.#ended) return false;
    const piece = await nextOf(this.#chunks);
    if (!piece) {
      this.#ended = true;
      return false;
    }
    const left = this.#held.subarray(this.#at);
    const joined = new Uint8Array(left.length + piece.length);
    joined.set(left);
    joined.set(piece, left.length);
    this.#held = joined;
    this.#at = 0;
    return true;
  }
}

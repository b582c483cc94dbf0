import { ByteReader, damaged } from "./bytes";

const space = 0x20;
const newline = 0x0a;
/** Longer than any line of text with 4,096 numbers. */
const longestLine = 2 ** 17;
const longestWord = 2 ** 12;
/** So many bytes behind a word tell numbers in text from bytes of numbers. */
const telltale = 16;

/** How the vectors are written: as text (GloVe, word2vec, fastText's .vec), or word2vec's binary form. */
export type VectorFormat = "text" | "binary";

/** One word of a file. */
export interface VectorRow {
  word: string;
  /** The word's E numbers, read only where they are wanted. */
  values: () => Float32Array;
  /** Where it stands, for messages. */
  place: string;
}

export interface VectorFile {
  dimension: number;
  rows: AsyncGenerator<VectorRow, void, undefined>;
}

export interface OpenOptions {
  format: VectorFormat | "auto";
  /** Expected E; the file's own where it is left out. */
  dimension?: number;
  /** Read no more vectors than this. */
  limit: number;
}

/** What a file says in its first line; GloVe's says nothing. */
interface Header {
  count: number;
  dimension: number;
}

const decoder = new TextDecoder();

/** Finds out what a file is, and opens it for reading word by word. */
export async function openVectors(reader: ByteReader, options: OpenOptions): Promise<VectorFile> {
  const start = await reader.peek(64);
  const header = headerOf(decoder.decode(start), options.dimension);
  if (header) {
    checkHeader(header, options.dimension);
    await reader.until(newline, longestLine);
    const { dimension, count } = header;
    const binary =
      options.format === "auto" ? await looksBinary(reader, header.dimension) : options.format === "binary";
    const rows = (binary ? binaryRows : textRows)(reader, dimension, {
      first: 2,
      limit: options.limit,
      count,
    });
    return { dimension, rows };
  }
  if (options.format === "binary") {
    throw damaged("a first line with the number of vectors and their length", shown(start));
  }
  const line = await reader.until(newline, longestLine);
  if (!line) throw damaged("word vectors", "an empty file");
  const text = trimmed(line);
  const dimension = options.dimension ?? text.split(" ").length - 1;
  if (dimension < 1) throw damaged("a word and its numbers in line 1", shown(line));
  // Whatever its word: this line shows whether the file has vectors at all.
  numbers(text.slice(startOfNumbers(text, dimension, "line 1") + 1), "line 1");
  const rows = textRows(reader, dimension, { first: 1, limit: options.limit }, line);
  return { dimension, rows };
}

function headerOf(start: string, dimension: number | undefined): Header | undefined {
  const [, count, length] = /^(\d+) (\d+) *\r?\n/.exec(start) ?? [];
  // A file of single numbers: a word that looks like a number, and its number.
  if (count === undefined || (dimension === 1 && length !== "1")) return undefined;
  return { count: Number(count), dimension: Number(length) };
}

function checkHeader({ count, dimension }: Header, expected: number | undefined): void {
  if (expected !== undefined && dimension !== expected) {
    throw damaged(`vectors of ${expected} numbers`, `${dimension}, as the file's first line says`);
  }
  if (count >= 1 && dimension >= 1 && dimension <= 65_536) return;
  throw damaged(
    "at least one vector of 1 to 65536 numbers",
    `${count} of ${dimension}, as the file's first line says`,
  );
}

/** Behind its first word text goes on with digits, to the line's end; bytes of numbers hardly ever look like that. */
async function looksBinary(reader: ByteReader, dimension: number): Promise<boolean> {
  const start = await reader.peek(longestWord);
  const from = start.indexOf(space) + 1;
  const behind = start.subarray(from, from + telltale);
  const lineEnd = behind.indexOf(newline);
  const fields = trimmed(lineEnd < 0 ? behind : behind.subarray(0, lineEnd));
  return !/^[-+0-9.eE ]+$/.test(fields) || (lineEnd >= 0 && fields.split(" ").length !== dimension);
}

interface Extent {
  /** Number of the first line with a vector. */
  first: number;
  limit: number;
  /** Vectors in the file, as its first line says. */
  count?: number;
}

async function* textRows(
  reader: ByteReader,
  dimension: number,
  { first, limit, count = Infinity }: Extent,
  begun?: Uint8Array,
): AsyncGenerator<VectorRow, void, undefined> {
  let read = 0;
  for (; read < Math.min(limit, count); read++) {
    const bytes = read === 0 && begun ? begun : await reader.until(newline, longestLine);
    if (!bytes) break;
    const place = `line ${first + read}`;
    const line = trimmed(bytes);
    // A last line may be empty.
    if (line === "" && (await reader.peek(1)).length === 0) break;
    const at = startOfNumbers(line, dimension, place);
    const word = line.slice(0, at);
    yield { word, place, values: () => numbers(line.slice(at + 1), place) };
  }
  if (read < Math.min(limit, count) && count < Infinity) {
    throw cutOff(count, read);
  }
}

/** Before the last `dimension` fields stands the word, in which there may be spaces. */
function startOfNumbers(line: string, dimension: number, place: string): number {
  let at = line.length;
  for (let field = 0; field < dimension && at >= 0; field++)
    at = at === 0 ? -1 : line.lastIndexOf(" ", at - 1);
  const last = line.slice(line.lastIndexOf(" ", at - 1) + 1, Math.max(at, 0));
  const tooMany =
    at > 0 && line.lastIndexOf(" ", at - 1) >= 0 && last !== "" && Number.isFinite(Number(last));
  if (at > 0 && !tooMany) return at;
  const fields = line.split(" ").length - 1;
  throw damaged(`a word and ${dimension} numbers in ${place}`, `${fields} numbers: ${quoted(line)}`);
}

function numbers(fields: string, place: string): Float32Array {
  return Float32Array.from(fields.split(" "), (field) => {
    const value = field === "" ? NaN : Number(field);
    if (Number.isFinite(value)) return value;
    throw damaged(`numbers in ${place}`, quoted(field));
  });
}

async function* binaryRows(
  reader: ByteReader,
  dimension: number,
  { limit, count = Infinity }: Extent,
): AsyncGenerator<VectorRow, void, undefined> {
  for (let read = 0; read < Math.min(limit, count); read++) {
    const place = `vector ${read + 1}`;
    const name = await reader.until(space, longestWord);
    const bytes = name && (await reader.exactly(4 * dimension));
    if (!bytes) throw cutOff(count, read);
    // The original program ends a vector with a line end.
    const word = decoder.decode(name).replace(/^\n/, "");
    yield { word, place, values: () => floats(bytes, place) };
  }
}

function floats(bytes: Uint8Array, place: string): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => {
    const value = view.getFloat32(4 * i, true);
    if (Number.isFinite(value)) return value;
    throw damaged(`finite numbers in ${place}`, String(value));
  });
}

/** A file of which only the beginning was kept can be read on purpose: with `limit`. */
function cutOff(count: number, read: number) {
  return damaged(
    `${count} vectors, as the file's first line says`,
    `${read}: it is cut off (limit reads part of it)`,
  );
}

const trimmed = (line: Uint8Array): string => decoder.decode(line).replace(/[ \r]+$/, "");
const quoted = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
const shown = (bytes: Uint8Array): string => quoted(trimmed(bytes));

import { invalid } from "../../runtime/errors";
import { RandomState } from "../random-state";
import { ByteReader, type ByteSource, chunksOf, where } from "./bytes";
import { type VectorFormat, openVectors } from "./rows";

export type { ByteSource, VectorFormat };

export interface WordVectorsOptions {
  /** The word of each row of the table, as a tokenizer's `vocabulary` has them; `""` and `"[UNK]"` are no words. */
  vocabulary?: readonly string[];
  /** Instead of `vocabulary`: the rank of each word, as `imdb.wordIndex()` gives it. */
  wordIndex?: ReadonlyMap<string, number>;
  /** With `wordIndex`: added to each rank (default 3, as in `imdb.loadData`). */
  indexFrom?: number;
  /** With `wordIndex`: rows of the table; words from here on are left out. */
  numWords?: number | null;
  /** `"text"` (GloVe, word2vec, fastText's `.vec`) or `"binary"` (word2vec's); found out where it is left out. */
  format?: VectorFormat | "auto";
  /** Numbers E of a vector; the file's own where it is left out. */
  dimension?: number;
  /** Read only the first so many vectors. */
  limit?: number;
  /** Rows of token ids, to tell which share of their words has a vector. */
  texts?: ArrayLike<ArrayLike<number>>;
  /** Rows without a vector are drawn from [-range, range]; by default so that they vary as the vectors found do. */
  range?: number;
  /** Seed of these draws (default 0). */
  seed?: number;
}

/** How much of a vocabulary a file covers. */
export interface VectorCoverage {
  /** Words of the vocabulary that have a vector. */
  found: number;
  /** Words of the vocabulary. */
  total: number;
  /** Share of the vocabulary's words in `texts`, counted as often as they occur, that have a vector. */
  tokenShare?: number;
  /** Words without a vector, in the order of their rows. */
  missing: string[];
}

export interface WordVectors {
  /** (rows, dimension): an embedding's initial weights. */
  table: Float32Array;
  shape: [rows: number, dimension: number];
  coverage: VectorCoverage;
}

/** Where nothing was found to vary like: Keras's own range of an embedding. */
const usualRange = 0.05;

/**
 * Reads word vectors trained elsewhere into the initial table of an embedding. The file is read as a stream, plain or
 * packed with gzip; only the vectors of the vocabulary are kept. A word that a file has twice keeps its first vector.
 * Rows without a vector are drawn at random, with the variance of the vectors found (Kim 2014).
 *
 * @param source a Node file stream, a `Blob`, a `ReadableStream` or bytes
 * @param options the vocabulary by row, or ranks; format and dimension where they are to be checked
 * @returns the table, and how much of the vocabulary the file covers
 * @throws InvalidInputError for options out of range, or a source that cannot be read
 * @throws FormatError for a damaged file, one that is cut off, or vectors of another length
 *
 * @example
 * const { table, shape, coverage } = await readWordVectors(createReadStream("glove.6B.100d.txt"), {
 *   wordIndex: await imdb.wordIndex(),
 *   numWords: 10_000,
 * });
 * console.log(`${coverage.found} of ${coverage.total} words have a vector`);
 * const vectors = embedding(...shape, { weights: table, trainable: false });
 * const model = sequential([vectors, lstm(32), dense(1, { activation: "sigmoid" })]);
 *
 * @see https://nlp.stanford.edu/projects/glove/
 * @see https://fasttext.cc/docs/en/crawl-vectors.html
 * @see Kim, Convolutional Neural Networks for Sentence Classification, EMNLP 2014
 */
export async function readWordVectors(source: ByteSource, options: WordVectorsOptions): Promise<WordVectors> {
  checkOptions(options);
  const words = wordsByRow(options);
  const rowOf = new Map<string, number>();
  words.forEach((word, row) => void (word === undefined || rowOf.has(word) || rowOf.set(word, row)));

  const { format = "auto", dimension, limit = Infinity } = options;
  const reader = new ByteReader(chunksOf(source));
  const found = new Set<number>();
  try {
    const file = await openVectors(reader, { format, dimension, limit });
    const width = file.dimension;
    const table = new Float32Array(words.length * width);
    for await (const { word, values } of file.rows) {
      const row = rowOf.get(word);
      if (row === undefined || found.has(row)) continue;
      table.set(values(), row * width);
      found.add(row);
    }
    drawOthers(table, width, found, options);
    return { table, shape: [words.length, width], coverage: coverageOf(words, found, options.texts) };
  } finally {
    await reader.close();
  }
}

function checkOptions(options: WordVectorsOptions): void {
  if ((options.vocabulary === undefined) === (options.wordIndex === undefined)) {
    const got = options.vocabulary ? "both" : "neither";
    const remedy = "pass the words by row, or the word index of the reviews";
    throw invalid(where, "vocabulary or wordIndex", got, remedy);
  }
  for (const name of ["dimension", "limit", "numWords"] as const) {
    const value = options[name];
    if (value === undefined || value === null || (Number.isInteger(value) && value >= 1)) continue;
    const expected = `${name} as a whole number of at least 1`;
    throw invalid(where, expected, String(value), "pass such a number or leave it out");
  }
  const { range = 0, format = "auto" } = options;
  if (!(range >= 0 && range < Infinity)) {
    throw invalid(where, "range as a number from 0", String(range), "pass such a number");
  }
  if (!["auto", "text", "binary"].includes(format)) {
    const expected = 'format "auto", "text" or "binary"';
    throw invalid(where, expected, `"${String(format)}"`, "pass one of these");
  }
}

/** The word of each row; undefined where the row stands for something else. */
function wordsByRow(options: WordVectorsOptions): (string | undefined)[] {
  const { vocabulary, wordIndex, indexFrom = 3, numWords } = options;
  if (vocabulary) {
    return Array.from(vocabulary, (word) => (word === "" || word === "[UNK]" ? undefined : word));
  }
  const words: (string | undefined)[] = [];
  for (const [word, rank] of wordIndex ?? []) {
    if (rank + indexFrom < (numWords ?? Infinity)) words[rank + indexFrom] = word;
  }
  return Array.from({ length: numWords ?? words.length }, (_, row) => words[row]);
}

function drawOthers(
  table: Float32Array,
  width: number,
  found: ReadonlySet<number>,
  { range, seed = 0 }: WordVectorsOptions,
): void {
  const squares = table.reduce((sum, value) => sum + value * value, 0);
  // A uniform number from [-a, a] has the variance a²/3; the rows not found are still 0.
  const like = found.size === 0 ? usualRange : Math.sqrt((3 * squares) / (found.size * width));
  const reach = range ?? like;
  const random = new RandomState(seed);
  for (let row = 0; row * width < table.length; row++) {
    if (found.has(row)) continue;
    for (let e = 0; e < width; e++) table[row * width + e] = reach * (2 * random.uniform() - 1);
  }
}

function coverageOf(
  words: readonly (string | undefined)[],
  found: ReadonlySet<number>,
  texts: WordVectorsOptions["texts"],
): VectorCoverage {
  const missing = words.filter((word, row): word is string => word !== undefined && !found.has(row));
  const coverage = { found: found.size, total: found.size + missing.length, missing };
  if (!texts) return coverage;
  let [covered, counted] = [0, 0];
  for (const row of Array.from(texts)) {
    for (const id of Array.from(row)) {
      if (words[id] === undefined) continue;
      counted++;
      if (found.has(id)) covered++;
    }
  }
  return { ...coverage, tokenShare: counted === 0 ? 0 : covered / counted };
}

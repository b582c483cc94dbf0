import { invalid } from "../runtime/errors";

export interface EncodeOptions {
  /** Word numbers from here on become `oovChar`, as in `loadData`; all are kept where it is left out. */
  numWords?: number | null;
  /** Only the last so many numbers are kept, as `padSequences` keeps them. */
  maxlen?: number | null;
  /** Put before the review; null for nothing (default 1). */
  startChar?: number | null;
  /** Stands for unknown and rare words (default 2). */
  oovChar?: number;
  /** Added to each rank (default 3). */
  indexFrom?: number;
}

/** What Keras's tokenizer takes for a gap between words; the apostrophe is part of a word. */
const GAPS = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~\t\n ]+/;

/** The words of a text as Keras's tokenizer finds them: in lower case, without punctuation. */
export function splitWords(text: string): string[] {
  return text.toLowerCase().split(GAPS).filter(Boolean);
}

function checkText(where: string, text: unknown, wordIndex: unknown): void {
  if (typeof text !== "string") {
    throw invalid(where, "a review as text", typeof text, "pass a string");
  }
  checkIndex(where, wordIndex);
}

function checkIndex(where: string, wordIndex: unknown): void {
  if (wordIndex instanceof Map) return;
  const remedy = "pass what imdb.wordIndex() resolves to";
  throw invalid(where, "a Map of words and ranks", typeof wordIndex, remedy);
}

/**
 * Turns a typed review into word numbers, as they stand in the rows of `imdb.loadData`.
 *
 * @param text the review
 * @param wordIndex the rank of each word, from `imdb.wordIndex()`
 * @param options the ones given to `loadData`
 * @returns word numbers, with `startChar` first
 * @throws InvalidInputError where `text` is no string, `wordIndex` no Map, or `maxlen` not a whole number from 1
 *
 * @example
 * encodeReview("It is great!", await imdb.wordIndex(), { numWords: 10_000 }); // [1, 12, 9, 87]
 *
 * @see https://keras.io/api/datasets/imdb/
 */
export function encodeReview(
  text: string,
  wordIndex: ReadonlyMap<string, number>,
  options: EncodeOptions = {},
): number[] {
  checkText("encodeReview", text, wordIndex);
  const { startChar = 1, oovChar = 2, indexFrom = 3 } = options;
  const numWords = options.numWords ?? Infinity;
  const maxlen = options.maxlen ?? Infinity;
  if (!(maxlen >= 1) || (maxlen !== Infinity && !Number.isInteger(maxlen))) {
    const expected = "maxlen as a whole number of at least 1";
    throw invalid("encodeReview", expected, String(maxlen), "pass such a number");
  }
  const ids = splitWords(text).map((word) => {
    const id = (wordIndex.get(word) ?? Infinity) + indexFrom;
    return id < numWords ? id : oovChar;
  });
  if (startChar !== null) ids.unshift(startChar);
  return ids.slice(-Math.min(maxlen, ids.length));
}

/** The words by rank: turning the index round for every review would be slow. */
const reversed = new WeakMap<ReadonlyMap<string, number>, Map<number, string>>();

function wordsByRank(wordIndex: ReadonlyMap<string, number>): Map<number, string> {
  let words = reversed.get(wordIndex);
  if (words?.size !== wordIndex.size) {
    words = new Map(Array.from(wordIndex, ([word, rank]) => [rank, word]));
    reversed.set(wordIndex, words);
  }
  return words;
}

/**
 * Turns word numbers back into text: padding and the start mark are left out, words that are not in the index
 * become `?`.
 *
 * @param ids a row of `imdb.loadData` or of `padSequences`
 * @param wordIndex the rank of each word
 * @param options `indexFrom` as given to `loadData` (default 3)
 * @throws InvalidInputError where `wordIndex` is no Map
 *
 * @example
 * decodeReview([1, 12, 9, 87], await imdb.wordIndex()); // "it is great"
 *
 * @see https://keras.io/api/datasets/imdb/
 */
export function decodeReview(
  ids: ArrayLike<number>,
  wordIndex: ReadonlyMap<string, number>,
  { indexFrom = 3 }: Pick<EncodeOptions, "indexFrom"> = {},
): string {
  checkIndex("decodeReview", wordIndex);
  const words = wordsByRank(wordIndex);
  const isMark = (id: number) => indexFrom > 1 && (id === 0 || id === 1);
  return Array.from(ids)
    .filter((id) => !isMark(id))
    .map((id) => words.get(id - indexFrom) ?? "?")
    .join(" ");
}

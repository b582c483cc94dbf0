import { encodeReview } from "../datasets/index";
import { FormatError, describe } from "../runtime/errors";

/** How a typed review becomes the model's input. */
export interface Preprocessing {
  /** `imdb` or `sample`. */
  dataset: string;
  numWords: number;
  maxlen: number;
  /** What is added to a word's rank. */
  indexFrom: number;
  /** The words by rank, the most frequent first, as far as the model knows them. */
  vocabulary: readonly string[];
}

/** Keras's default. */
const indexFrom = 3;

/** What `imdb.loadData` did to the reviews, with the words that a model of `numWords` can tell apart. */
export function preprocessingOf(
  wordIndex: ReadonlyMap<string, number>,
  { dataset, numWords, maxlen }: Pick<Preprocessing, "dataset" | "numWords" | "maxlen">,
): Preprocessing {
  const vocabulary: string[] = [];
  for (const [word, rank] of wordIndex) {
    if (rank + indexFrom < numWords) vocabulary[rank - 1] = word;
  }
  // A hole would be a rank that no word has; it must not become the word "undefined".
  return { dataset, numWords, maxlen, indexFrom, vocabulary: Array.from(vocabulary, (word) => word ?? "") };
}

/** As the strings that a model file's metadata can hold. */
export function toMetadata(preprocessing: Preprocessing): Record<string, string> {
  const { dataset, numWords, maxlen, indexFrom: from, vocabulary } = preprocessing;
  return {
    dataset,
    num_words: String(numWords),
    maxlen: String(maxlen),
    index_from: String(from),
    vocabulary: JSON.stringify(vocabulary),
  };
}

/**
 * Reads what {@link toMetadata} wrote.
 *
 * @throws {FormatError} an entry is missing or is something else.
 */
export function fromMetadata(metadata: Readonly<Record<string, string>>): Preprocessing {
  return {
    dataset: metadata.dataset ?? "unknown",
    numWords: wholeNumber(metadata, "num_words"),
    maxlen: wholeNumber(metadata, "maxlen"),
    indexFrom: wholeNumber(metadata, "index_from"),
    vocabulary: words(metadata.vocabulary),
  };
}

/** The word numbers of a typed review, and the words that the model does not know. */
export function encodeText(text: string, preprocessing: Preprocessing): { ids: number[]; unknown: string[] } {
  const { numWords, indexFrom: from, maxlen, vocabulary } = preprocessing;
  const ranks = new Map(vocabulary.map((word, i) => [word, i + 1]));
  const ids = encodeReview(text, ranks, { numWords, indexFrom: from, maxlen });
  const all = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
  return { ids, unknown: [...new Set(all)].filter((word) => !ranks.has(word)) };
}

const remedy = "use a file that webgpu-rnn imdb wrote";

function wholeNumber(metadata: Readonly<Record<string, string>>, key: string): number {
  const value = Number(metadata[key] ?? NaN);
  if (Number.isInteger(value) && value >= 0) return value;
  throw damaged(`a whole number as ${key} in the model file's metadata`, metadata[key] ?? "nothing");
}

function words(json: string | undefined): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json ?? "");
  } catch {
    parsed = undefined;
  }
  if (Array.isArray(parsed) && parsed.every((word) => typeof word === "string")) return parsed;
  throw damaged(
    "a list of words as vocabulary in the model file's metadata",
    json ? "something else" : "nothing",
  );
}

function damaged(expected: string, got: string): FormatError {
  return new FormatError(describe("predict", expected, got, remedy));
}

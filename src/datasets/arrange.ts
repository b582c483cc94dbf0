import { describe, FormatError, invalid } from "../runtime/errors";
import { RandomState } from "./random-state";

/** Reviews as lists of word numbers, and a label for each: 1 praise, 0 blame. */
export interface Split {
  x: Int32Array[];
  y: Uint8Array;
}

export interface Dataset {
  train: Split;
  test: Split;
}

/** How word numbers are made from the ranks in the files; the names and meanings are Keras's. */
export interface ArrangeOptions {
  /** Word numbers from here on become `oovChar`; all are kept but for the very last where it is left out. */
  numWords?: number | null;
  /** Word numbers below become `oovChar` (default 0). */
  skipTop?: number;
  /** Reviews of this many numbers and more are dropped, as Keras does; none where it is left out. */
  maxlen?: number | null;
  /** Seed of the shuffle (default 113). */
  seed?: number;
  /** Put before each review; null for nothing (default 1). */
  startChar?: number | null;
  /** Stands for words left out; null drops them (default 2). */
  oovChar?: number | null;
  /** Added to each rank (default 3). */
  indexFrom?: number;
}

export interface RawSplit {
  x: readonly ArrayLike<unknown>[];
  y: ArrayLike<number>;
}

type Settings = Required<ArrangeOptions>;

/** So many word numbers fill 256 MiB; IMDB has twelve million. */
const MOST_IDS = 2 ** 26;
const LARGEST_ID = 2 ** 30;

function checkWhole(where: string, name: string, value: number | null, lowest: number): void {
  if (value === null || (Number.isInteger(value) && value >= lowest && value <= LARGEST_ID)) return;
  const expected = `${name} as a whole number of at least ${lowest}`;
  throw invalid(where, expected, String(value), "pass such a number or leave it out");
}

function settle(options: ArrangeOptions, where: string): Settings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const defaults = {
    numWords: null,
    skipTop: 0,
    maxlen: null,
    seed: 113,
    startChar: 1,
    oovChar: 2,
    indexFrom: 3,
  };
  const settings: Settings = { ...defaults, ...given };
  checkWhole(where, "numWords", settings.numWords, 1);
  checkWhole(where, "skipTop", settings.skipTop, 0);
  checkWhole(where, "maxlen", settings.maxlen, 1);
  checkWhole(where, "startChar", settings.startChar, 0);
  checkWhole(where, "oovChar", settings.oovChar, 0);
  checkWhole(where, "indexFrom", settings.indexFrom, 0);
  return settings;
}

/** The rows of a split in the order in which Keras returns them. */
export function shuffledOrder(length: number, random: RandomState): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  random.shuffle(order);
  return order;
}

function shiftRow(row: ArrayLike<unknown>, settings: Settings, where: string): Int32Array {
  const { startChar, indexFrom } = settings;
  const before = startChar === null ? 0 : 1;
  const ids = new Int32Array(before + row.length);
  if (startChar !== null) ids[0] = startChar;
  for (let i = 0; i < row.length; i++) {
    const id = row[i];
    if (typeof id !== "number" || !(id >= 0 && id <= LARGEST_ID) || id % 1 !== 0) {
      throw new FormatError(
        describe(
          where,
          "rows of whole numbers from 0",
          `a row with ${typeof id} ${String(id)}`,
          "check the file",
        ),
      );
    }
    ids[before + i] = id + indexFrom;
  }
  return ids;
}

function arrangeSplit(raw: RawSplit, random: RandomState, settings: Settings, where: string): Split {
  const x: Int32Array[] = [];
  const y: number[] = [];
  const maxlen = settings.maxlen ?? Infinity;
  const before = settings.startChar === null ? 0 : 1;
  let total = 0;
  for (const index of shuffledOrder(raw.x.length, random)) {
    const row = raw.x[index];
    if (row.length + before >= maxlen) continue;
    total += row.length;
    if (total > MOST_IDS) {
      throw new FormatError(describe(where, `at most ${MOST_IDS} word numbers`, "more", "check the file"));
    }
    x.push(shiftRow(row, settings, where));
    y.push(raw.y[index]);
  }
  return { x, y: Uint8Array.from(y) };
}

function largestId(splits: Split[]): number {
  let largest = 0;
  for (const { x } of splits) {
    for (const row of x) for (const id of row) if (id > largest) largest = id;
  }
  return largest;
}

function limitVocabulary(split: Split, numWords: number, { skipTop, oovChar }: Settings): void {
  const known = (id: number) => id >= skipTop && id < numWords;
  split.x.forEach((row, i) => {
    if (oovChar === null) {
      split.x[i] = row.filter(known);
      return;
    }
    for (let t = 0; t < row.length; t++) if (!known(row[t])) row[t] = oovChar;
  });
}

/**
 * What Keras's `load_data` does once the file is read: shuffle train, then test, from one stream; number the
 * words; drop long reviews; replace rare words.
 *
 * Two habits of Keras are kept on purpose: `maxlen` drops reviews of exactly that length too, and without
 * `numWords` the largest word number of all counts as out of vocabulary.
 *
 * @throws InvalidInputError for options out of range, or a `maxlen` that keeps no review
 * @throws FormatError where rows hold anything but whole numbers from 0
 * @see https://keras.io/api/datasets/imdb/
 */
export function arrange(train: RawSplit, test: RawSplit, options: ArrangeOptions, where: string): Dataset {
  const settings = settle(options, where);
  const random = new RandomState(settings.seed);
  const dataset = {
    train: arrangeSplit(train, random, settings, where),
    test: arrangeSplit(test, random, settings, where),
  };
  const splits = [dataset.train, dataset.test];
  if (settings.maxlen !== null && splits.some(({ x }) => x.length === 0)) {
    const expected = `a review shorter than maxlen = ${settings.maxlen} in train and in test`;
    throw invalid(where, expected, "none", "increase maxlen");
  }
  const numWords = settings.numWords ?? largestId(splits);
  for (const split of splits) limitVocabulary(split, numWords, settings);
  return dataset;
}

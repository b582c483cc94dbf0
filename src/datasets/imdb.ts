import { type ZipUse, readZip } from "../files/zip";
import { FormatError, describe } from "../runtime/errors";
import { type ArrangeOptions, type Dataset, type RawSplit, arrange } from "./arrange";
import { readNumbers, readObjects } from "./npy";
import type { PickleValue } from "./pickle-values";
import { PickledArray } from "./pickle-values";
import { type SourceOptions, readSource } from "./source";

export type LoadDataOptions = ArrangeOptions & SourceOptions;

const REVIEWS = {
  name: "imdb.npz",
  sha256: "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
};
const WORD_INDEX = {
  name: "imdb_word_index.json",
  sha256: "027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",
};

/** The published file unfolds to 28 MB. */
const NPZ: ZipUse = {
  where: "imdb.npz",
  remedy: "fetch the file again",
  other: "pass Keras's imdb.npz, or save it with numpy.savez",
  limit: 2 ** 27,
};

function checkRow(row: PickleValue, where: string): ArrayLike<unknown> {
  if (Array.isArray(row)) return row;
  if (row instanceof PickledArray) return row.items;
  throw new FormatError(
    describe(where, "a list of numbers in each row", typeof row, "pass Keras's imdb.npz"),
  );
}

function readSplit(rows: Uint8Array, labels: Uint8Array, part: string): RawSplit {
  const where = `imdb.npz, x_${part}`;
  const x = readObjects(rows, where).map((row) => checkRow(row, where));
  const y = readNumbers(labels, `imdb.npz, y_${part}`);
  if (y.length !== x.length) {
    const expected = `a label for each of ${x.length} rows`;
    throw new FormatError(describe(where, expected, String(y.length), "fetch the file again"));
  }
  const wrong = Array.from(y).find((label) => label !== 0 && label !== 1);
  if (wrong !== undefined) {
    throw new FormatError(describe(where, "labels 0 or 1", String(wrong), "pass Keras's imdb.npz"));
  }
  return { x, y };
}

async function loadData(options: LoadDataOptions = {}): Promise<Dataset> {
  const file = await readSource(REVIEWS, options, "imdb.loadData");
  const names = ["x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"];
  const [xTrain, yTrain, xTest, yTest] = readZip(file, names, NPZ);
  const train = readSplit(xTrain, yTrain, "train");
  return arrange(train, readSplit(xTest, yTest, "test"), options, "imdb.loadData");
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function isRank(entry: [string, unknown]): entry is [string, number] {
  return Number.isSafeInteger(entry[1]) && Number(entry[1]) > 0;
}

/** Twenty times the published file. */
const LARGEST_INDEX = 2 ** 25;

async function wordIndex(options: SourceOptions = {}): Promise<Map<string, number>> {
  const file = await readSource(WORD_INDEX, options, "imdb.wordIndex");
  if (file.length > LARGEST_INDEX) {
    const expected = `at most ${LARGEST_INDEX} bytes of words and ranks`;
    const remedy = "pass Keras's imdb_word_index.json";
    throw new FormatError(describe("imdb.wordIndex", expected, String(file.length), remedy));
  }
  const parsed = parseJson(file);
  const entries: [string, unknown][] = typeof parsed === "object" ? Object.entries(parsed ?? {}) : [];
  if (!Array.isArray(parsed) && entries.length > 0 && entries.every(isRank)) return new Map(entries);
  const expected = "a JSON object of words and ranks";
  const got = `${file.length} bytes that hold something else`;
  throw new FormatError(describe("imdb.wordIndex", expected, got, "pass Keras's imdb_word_index.json"));
}

/** The 50,000 film reviews of Maas et al. (ACL 2011), in Keras's form and order. */
export const imdb = {
  /**
   * Loads the reviews as lists of word numbers, row for row as Keras 3's `imdb.load_data` returns them.
   *
   * @param options Keras's options in camelCase, and where the file comes from
   * @returns 25,000 reviews to train on and 25,000 to test with; `x` lists of different lengths, `y` 0 or 1
   * @throws InvalidInputError for options out of range or a folder without the file
   * @throws DownloadError where the file cannot be fetched
   * @throws FormatError where the file is damaged, or its pickle asks for anything but arrays and lists
   *
   * @example
   * const { train, test } = await imdb.loadData({ numWords: 10_000 });
   * train.x[0].slice(0, 5); // 1, 14, 22, 16, 43
   *
   * @see https://keras.io/api/datasets/imdb/
   */
  loadData,

  /**
   * The rank of each word by frequency, from 1; a review holds rank + 3.
   *
   * @param options where `imdb_word_index.json` comes from
   * @throws InvalidInputError, DownloadError, FormatError as `loadData`
   *
   * @example
   * (await imdb.wordIndex()).get("the"); // 1
   *
   * @see https://keras.io/api/datasets/imdb/
   */
  wordIndex,
};

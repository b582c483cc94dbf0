import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dense, embedding, sequential, simpleRNN } from "../../../src/index";
import { readWordVectors, textVectorization, type WordVectorsOptions } from "../../../src/datasets/index";
import { FormatError, InvalidInputError } from "../../../src/runtime/errors";

const vocabulary = ["", "[UNK]", "film", "the", "zorblax", "good"];
const vectors: Record<string, number[]> = { the: [0.5, -1, 2], good: [1.5, 0.25, -3], other: [9, 9, 9] };

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const lines = (words: string[], end = "\n"): string =>
  words.map((word) => [word, ...(vectors[word] ?? [])].join(" ") + end).join("");

/** word2vec's binary form; the original program ends each vector with a line end, others do not. */
function binary(words: string[], { count = words.length, end = "\n" } = {}): Uint8Array {
  const parts = words.map((word) => [
    ...bytes(`${word} `),
    ...new Uint8Array(Float32Array.from(vectors[word] ?? [0, 0, 0]).buffer),
    ...bytes(end),
  ]);
  return Uint8Array.from([...bytes(`${count} 3\n`), ...parts.flat()]);
}

/** A stream of pieces of a few bytes, as awkward as can be. */
async function* pieces(all: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < all.length; at += size) yield await Promise.resolve(all.subarray(at, at + size));
}

const read = (source: Uint8Array | string, options: Partial<WordVectorsOptions> = {}) =>
  readWordVectors(typeof source === "string" ? bytes(source) : source, { vocabulary, ...options });

const words = ["other", "the", "good"];
const files: Record<string, Uint8Array> = {
  "GloVe text": bytes(lines(words)),
  "word2vec text": bytes(`3 3\n${lines(words)}`),
  "fastText's .vec, a space at each line's end": bytes(`3 3\n${lines(words, " \n")}`),
  "text with Windows' line ends": bytes(`3 3\r\n${lines(words, "\r\n")}`),
  "text without a last line end": bytes(lines(words).trimEnd()),
  "word2vec binary": binary(words),
  "word2vec binary without line ends": binary(words, { end: "" }),
};

describe.each(Object.entries(files))("%s", (_, file) => {
  const expectTable = ({ table, shape, coverage }: Awaited<ReturnType<typeof read>>) => {
    expect(shape).toEqual([6, 3]);
    expect([...table.subarray(9, 12)]).toEqual(vectors.the);
    expect([...table.subarray(15, 18)]).toEqual(vectors.good);
    expect(coverage).toEqual({ found: 2, total: 4, missing: ["film", "zorblax"] });
  };

  test("in one piece", async () => expectTable(await read(file)));

  test.each([1, 2, 7, 64])("in pieces of %i bytes", async (size) => {
    expectTable(await readWordVectors(pieces(file, size), { vocabulary }));
  });

  test("packed with gzip", async () => {
    expectTable(await read(new Uint8Array(gzipSync(file))));
    expectTable(await readWordVectors(pieces(new Uint8Array(gzipSync(file)), 5), { vocabulary }));
  });

  test("as a Blob and as a stream of the web", async () => {
    expectTable(await readWordVectors(new Blob([new Uint8Array(file)]), { vocabulary }));
    expectTable(await readWordVectors(new Blob([new Uint8Array(file)]).stream(), { vocabulary }));
  });
});

describe("a Node file stream", () => {
  let folder = "";
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "word-vectors-"))));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is read, packed too", async () => {
    const file = join(folder, "v.vec.gz");
    writeFileSync(file, gzipSync(files["word2vec text"]));
    const { coverage } = await readWordVectors(createReadStream(file), { vocabulary });
    expect(coverage.found).toBe(2);
  });

  test("that cannot be opened is named", async () => {
    const run = readWordVectors(createReadStream(join(folder, "none")), { vocabulary });
    await expect(run).rejects.toThrow(InvalidInputError);
    await expect(readWordVectors(createReadStream(join(folder, "none")), { vocabulary })).rejects.toThrow(
      /^readWordVectors: expected a file that can be read, got ENOENT.*; check the path$/,
    );
  });
});

describe("words", () => {
  test("spaces in a word do not shift its numbers", async () => {
    const file = ". . . 1 2 3\nat name@domain.com 4 5 6\n5 7 8 9\n";
    const given = { vocabulary: [". . .", "at name@domain.com", "5"], dimension: 3 };
    expect([...(await read(file, given)).table]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("a word twice keeps its first vector", async () => {
    const { table } = await read("a 1 2\nb 3 4\na 5 6\n", { vocabulary: ["a", "b"] });
    expect([...table]).toEqual([1, 2, 3, 4]);
  });

  test("UTF-8 across the border of two pieces", async () => {
    const file = bytes("naïve 1 2\nüber 3 4\n日本 5 6\n");
    for (let size = 1; size < 8; size++) {
      const found = await readWordVectors(pieces(file, size), { vocabulary: ["日本", "naïve", "über"] });
      expect([...found.table]).toEqual([5, 6, 1, 2, 3, 4]);
    }
  });

  test("ranks of a word index stand three rows further down", async () => {
    const wordIndex = new Map([
      ["the", 1],
      ["good", 2],
      ["rare", 9],
    ]);
    const options = { vocabulary: undefined, wordIndex, numWords: 6 };
    const { table, shape, coverage } = await read(files["GloVe text"], options);
    expect(shape).toEqual([6, 3]);
    expect([...table.subarray(12)]).toEqual([...vectors.the, ...vectors.good]);
    expect(coverage).toEqual({ found: 2, total: 2, missing: [] });
    const all = await read(files["GloVe text"], { vocabulary: undefined, wordIndex, indexFrom: 0 });
    expect(all.shape).toEqual([10, 3]);
    expect([...all.table.subarray(3, 9)]).toEqual([...vectors.the, ...vectors.good]);
  });

  test("a tokenizer's vocabulary is one", async () => {
    const tokenizer = textVectorization().adapt(["the good film"]);
    const { shape, coverage } = await read(files["GloVe text"], { vocabulary: tokenizer.vocabulary });
    expect(shape).toEqual([5, 3]);
    expect(coverage).toEqual({ found: 2, total: 3, missing: ["film"] });
  });

  test("the share of tokens counts words as often as they occur", async () => {
    const texts = [
      [0, 0, 3, 3, 4],
      [1, 5, 2],
    ];
    // the, the, good have vectors; zorblax and film have none; padding and unknown are no words.
    expect((await read(files["GloVe text"], { texts })).coverage.tokenShare).toBe(3 / 5);
  });

  test("limit reads the first vectors only", async () => {
    const { coverage } = await read(`2000000 3\n${lines(words)}`, { limit: 2 });
    expect(coverage).toEqual({ found: 1, total: 4, missing: ["film", "zorblax", "good"] });
  });
});

test("a file is read piece by piece, and no further than needed", async () => {
  let given = 0;
  let closed = false;
  async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) yield await Promise.resolve(bytes(`w${given++} 1 2\n`));
    } finally {
      closed = true;
    }
  }
  const { coverage } = await readWordVectors(endless(), { vocabulary: ["w50", "w500"], limit: 100 });
  expect(coverage).toEqual({ found: 1, total: 2, missing: ["w500"] });
  expect(given).toBeLessThan(120);
  expect(closed).toBe(true);
});

test("the table is an embedding's weights", async () => {
  const { table, shape } = await read(files["GloVe text"]);
  const vectors = embedding(...shape, { weights: table, trainable: false });
  const model = sequential([vectors, simpleRNN(2), dense(1, { activation: "sigmoid" })]);
  const [weights] = await model.getWeights();
  expect(weights).toEqual({ name: "embedding/embeddings", shape: [6, 3], data: table });
});

describe("rows without a vector", () => {
  const many = ["a", ...Array.from({ length: 2000 }, (_, i) => `w${i}`)];

  test("vary as the vectors found do", async () => {
    const { table } = await read("a 0.5 -0.5 1 1\n", { vocabulary: many });
    const drawn = table.subarray(4);
    const limit = Math.sqrt((3 * 2.5) / 4);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(limit);
    expect(Math.max(...drawn)).toBeGreaterThan(0.99 * limit);
    expect(Math.min(...drawn)).toBeLessThan(-0.99 * limit);
    const variance = drawn.reduce((sum, value) => sum + value ** 2, 0) / drawn.length;
    expect(variance).toBeCloseTo(2.5 / 4, 1);
  });

  test("keep to the range given; 0 leaves them at 0", async () => {
    const within = (await read("a 9 9\n", { vocabulary: many, range: 0.1 })).table.subarray(2);
    expect(Math.max(...within.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.1));
    expect(Math.max(...within)).toBeGreaterThan(0.09);
    expect([...(await read("a 9 9\n", { vocabulary: ["b", "a"], range: 0 })).table]).toEqual([0, 0, 9, 9]);
  });

  test("follow the seed", async () => {
    const drawn = async (seed: number) => [...(await read("a 1 2\n", { seed })).table];
    expect(await drawn(1)).toEqual(await drawn(1));
    expect(await drawn(1)).not.toEqual(await drawn(2));
  });

  test("are in Keras's range where nothing was found", async () => {
    const { table, coverage } = await read("nowhere 1 2\n");
    expect(coverage.found).toBe(0);
    expect(Math.max(...table.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.05));
    expect(Math.max(...table)).toBeGreaterThan(0);
  });
});

describe("damage", () => {
  const cut = binary(words);
  test.each([
    ["an empty file", "", "word vectors, got an empty file"],
    ["a page of HTML", "<!DOCTYPE html>\n", 'numbers in line 1, got "html>"'],
    ["a list of words", "film\nthe\n", 'a word and its numbers in line 1, got "film"'],
    [
      "a line with too few",
      "the 1 2 3\ngood 1 2\n",
      'a word and 3 numbers in line 2, got 2 numbers: "good 1 2"',
    ],
    [
      "a line with too many",
      "the 1 2\ngood 1 2 3\n",
      'a word and 2 numbers in line 2, got 3 numbers: "good 1 2 3"',
    ],
    ["no number", "2 2\nthe 1 2\ngood 1 x\n", 'numbers in line 3, got "x"'],
    ["an infinite number", "good 1 Infinity\n", 'numbers in line 1, got "Infinity"'],
    ["two spaces", "good 1  2\n", 'numbers in line 1, got ""'],
    ["text cut off", "3 3\nthe 1 2 3\n", "3 vectors, as the file's first line says, got 1: it is cut off"],
    ["binary cut off", cut.slice(0, -5), "3 vectors, as the file's first line says, got 2: it is cut off"],
    ["no vectors", "0 3\n", "at least one vector of 1 to 65536 numbers, got 0 of 3"],
    ["NaN in binary", binary(["good"]).fill(255, 9), "finite numbers in vector 1, got NaN"],
    [
      "a gzip file cut off",
      new Uint8Array(gzipSync(lines(words))).slice(0, -12),
      "a whole gzip file, got a damaged one",
    ],
    [
      "a line without end",
      new Uint8Array(200_000).fill(97),
      "a line of at most 131072 bytes, got a longer one",
    ],
  ])("%s is named", async (_, file, message) => {
    const run = read(file, { format: "auto" });
    await expect(run).rejects.toThrow(FormatError);
    await expect(read(file)).rejects.toThrow(`readWordVectors: expected ${message}`);
  });

  test("another length than expected is named", async () => {
    await expect(read("3 3\nthe 1 2 3\n", { dimension: 100 })).rejects.toThrow(
      "readWordVectors: expected vectors of 100 numbers, got 3, as the file's first line says; fetch the file again",
    );
    await expect(read(lines(words), { dimension: 4 })).rejects.toThrow("a word and 4 numbers in line 1");
  });

  test("binary without its first line is named", async () => {
    await expect(read(lines(words), { format: "binary" })).rejects.toThrow(
      "expected a first line with the number of vectors and their length",
    );
  });
});

describe("options", () => {
  test.each([
    [{ vocabulary: undefined }, "vocabulary or wordIndex, got neither"],
    [{ wordIndex: new Map() }, "vocabulary or wordIndex, got both"],
    [{ dimension: 0 }, "dimension as a whole number of at least 1, got 0"],
    [{ limit: 1.5 }, "limit as a whole number of at least 1, got 1.5"],
    [{ range: -1 }, "range as a number from 0, got -1"],
    [{ format: "glove" as never }, 'format "auto", "text" or "binary", got "glove"'],
  ])("%j is refused", async (options, message) => {
    const run = read("a 1\n", options);
    await expect(run).rejects.toThrow(InvalidInputError);
    await expect(read("a 1\n", options as Partial<WordVectorsOptions>)).rejects.toThrow(
      `readWordVectors: expected ${message};`,
    );
  });

  test("a path is not a source", async () => {
    const run = readWordVectors("glove.txt" as unknown as Uint8Array, { vocabulary });
    await expect(run).rejects.toThrow(
      /expected a file stream, a Blob, a ReadableStream or bytes, got string; open/,
    );
  });
});

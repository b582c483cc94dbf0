import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type Dataset, decodeReview, encodeReview, imdb } from "../../src/datasets/index";

const named = process.env.WEBGPU_RNN_DATA;
const beside = fileURLToPath(new URL("../../../shared/imdb", import.meta.url));
const folder = named !== undefined && existsSync(join(named, "imdb.npz")) ? named : beside;

describe.skipIf(!existsSync(join(folder, "imdb.npz")))("the real reviews (imdb.npz)", () => {
  let data: Dataset;
  let seconds = 0;
  beforeAll(async () => {
    const started = performance.now();
    data = await imdb.loadData({ data: folder, numWords: 10_000 });
    seconds = (performance.now() - started) / 1000;
  });

  test("are 25,000 and 25,000, half of them praise", () => {
    for (const { x, y } of [data.train, data.test]) {
      expect(x).toHaveLength(25_000);
      expect(y.reduce((sum, label) => sum + label, 0)).toBe(12_500);
    }
  });

  test("begin with the row that Keras begins with", () => {
    expect([...data.train.x[0].subarray(0, 10)]).toEqual([1, 14, 22, 16, 43, 530, 973, 1622, 1385, 65]);
    expect(data.train.x[0]).toHaveLength(218);
    expect([...data.train.y.subarray(0, 8)]).toEqual([1, 0, 0, 1, 0, 0, 1, 0]);
  });

  test("hold 1 first and no number from numWords on", () => {
    const starts = new Set<number>();
    let largest = 0;
    for (const row of [...data.train.x, ...data.test.x]) {
      starts.add(row[0]);
      for (const id of row) largest = Math.max(largest, id);
    }
    expect([...starts]).toEqual([1]);
    expect(largest).toBe(9_999);
  });

  test("decode to English and back", async () => {
    const wordIndex = await imdb.wordIndex({ data: folder });
    expect(wordIndex.size).toBe(88_584);
    const text = decodeReview(data.train.x[0], wordIndex);
    expect(text).toMatch(/^this film was just brilliant casting/);
    const known = data.train.x[0].filter((id) => id !== 2);
    expect(encodeReview(decodeReview(known, wordIndex), wordIndex)).toEqual([...known]);
    expect(encodeReview("It is great!", wordIndex)).toEqual([1, 12, 9, 87]);
  });

  test("load in seconds", () => {
    expect(seconds).toBeLessThan(15);
  });
});

import { expect, test } from "vitest";
import { bagOfWordsBaseline } from "../../src/datasets/index";
import { RandomState } from "../../src/datasets/random-state";
import { InvalidInputError } from "../../src/runtime/errors";

/** Noise words 10 to 29, and where `telling`, word 5 for praise or 6 for blame. */
function rows(count: number, seed: number, telling: boolean) {
  const random = new RandomState(seed);
  const y = Array.from({ length: count }, () => random.interval(1));
  const x = y.map((label) => {
    const noise = Array.from({ length: 8 }, () => 10 + random.interval(19));
    return telling ? [1, ...noise, label ? 5 : 6] : [1, ...noise];
  });
  return { x, y };
}

test("finds a word that tells", () => {
  const { acc, loss } = bagOfWordsBaseline({
    train: rows(500, 1, true),
    test: rows(200, 2, true),
    numWords: 40,
  });
  expect(acc).toBe(1);
  expect(loss).toBeLessThan(0.2);
});

test("finds nothing where there is nothing", () => {
  const { acc } = bagOfWordsBaseline({ train: rows(500, 1, false), test: rows(500, 2, false), numWords: 40 });
  expect(Math.abs(acc - 0.5)).toBeLessThan(0.1);
});

test("does not see the order of words", () => {
  const part = rows(100, 1, true);
  const reversed = { x: part.x.map((row) => row.toReversed()), y: part.y };
  const score = (test: typeof part) => bagOfWordsBaseline({ train: part, test, numWords: 40 });
  expect(score(reversed).acc).toBe(score(part).acc);
  expect(score(reversed).loss).toBeCloseTo(score(part).loss, 12);
});

test("counts no word beyond numWords", () => {
  const { acc } = bagOfWordsBaseline({ train: rows(500, 1, true), test: rows(500, 2, true), numWords: 5 });
  expect(Math.abs(acc - 0.5)).toBeLessThan(0.1);
});

test("gives the same figures again, others for another seed", () => {
  const options = { train: rows(100, 1, true), test: rows(100, 2, true), numWords: 40, epochs: 2 };
  expect(bagOfWordsBaseline(options)).toEqual(bagOfWordsBaseline(options));
  expect(bagOfWordsBaseline({ ...options, seed: 1 }).loss).not.toBe(bagOfWordsBaseline(options).loss);
});

test("refuses empty parts and labels of another number", () => {
  const part = rows(3, 1, true);
  const none = { x: [], y: [] };
  expect(() => bagOfWordsBaseline({ train: none, test: part, numWords: 40 })).toThrow(InvalidInputError);
  expect(() => bagOfWordsBaseline({ train: part, test: { ...part, y: [1] }, numWords: 40 })).toThrow(
    "3 rows",
  );
  expect(() => bagOfWordsBaseline({ train: part, test: part, numWords: 0 })).toThrow("numWords");
});

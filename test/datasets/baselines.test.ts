import { describe, expect, test } from "vitest";
import { averagedEmbeddingsBaseline, tfIdfBaseline } from "../../src/datasets/index";
import { AveragedEmbeddings } from "../../src/datasets/baselines/averaged-embeddings";
import { tfIdf, wordOccurrence, type SparseRows } from "../../src/datasets/baselines/features";
import { ScoreSum } from "../../src/datasets/baselines/scores";
import { RandomState } from "../../src/datasets/random-state";
import { InvalidInputError } from "../../src/runtime/errors";

function entries({ starts, ids, values }: SparseRows, row: number): [number, number][] {
  return Array.from({ length: starts[row + 1] - starts[row] }, (_, i) => {
    return [ids[starts[row] + i], values[starts[row] + i]];
  });
}

describe("features", () => {
  test("a bag of words: each word once, rows of length 1, neither padding nor start mark", () => {
    const rows = wordOccurrence(9).rows([[0, 0, 1, 5, 5, 3], [1], [8, 9, 7, 2]]);
    expect([...rows.starts]).toEqual([0, 2, 2, 5]);
    expect(entries(rows, 0)).toEqual([
      [5, 1 / Math.sqrt(2)],
      [3, 1 / Math.sqrt(2)],
    ]);
    // 9 lies beyond the vocabulary.
    expect(entries(rows, 2).map(([id]) => id)).toEqual([8, 7, 2]);
  });

  test("TF-IDF by hand", () => {
    // Of two reviews one has word 2, both have word 3: idf ln(3/2) + 1 and ln(3/3) + 1.
    const features = tfIdf([[2, 2, 3], [3]], 5);
    const [two, three] = [(1 + Math.log(2)) * (Math.log(1.5) + 1), 1];
    const length = Math.hypot(two, three);
    const [[first, a], [second, b]] = entries(features.rows([[2, 2, 3]]), 0);
    expect([first, second]).toEqual([2, 3]);
    expect(a).toBeCloseTo(two / length, 14);
    expect(b).toBeCloseTo(three / length, 14);
    // A word of no review to train on is the rarest: idf ln(3/1) + 1.
    const unseen = entries(features.rows([[4, 3]]), 0).map(([, value]) => value);
    expect(unseen[0] / unseen[1]).toBeCloseTo(Math.log(3) + 1, 14);
  });
});

test("scores: the cross-entropy of logits, however large", () => {
  const sum = new ScoreSum();
  sum.add(0, 1);
  sum.add(-1000, 1);
  const { loss, acc } = sum.means();
  expect(loss).toBeCloseTo((Math.log(2) + 1000) / 2, 10);
  expect(acc).toBe(0);
});

/** Noise words 10 to 29, and where `telling`, word 5 for praise or 6 for blame. */
function rows(count: number, seed: number, telling = true) {
  const random = new RandomState(seed);
  const y = Array.from({ length: count }, () => random.interval(1));
  const x = y.map((label) => {
    const noise = Array.from({ length: 8 }, () => 10 + random.interval(19));
    return telling ? [1, ...noise, label ? 5 : 6] : [1, ...noise];
  });
  return { x, y };
}

describe.each([tfIdfBaseline, averagedEmbeddingsBaseline])("%o", (baseline) => {
  const options = { train: rows(500, 1), test: rows(200, 2), numWords: 40 };

  test("finds a word that tells", () => {
    const { acc, loss } = baseline(options);
    expect(acc).toBe(1);
    expect(loss).toBeLessThan(0.2);
  });

  test("finds nothing where there is nothing", () => {
    const { acc } = baseline({ train: rows(500, 1, false), test: rows(500, 2, false), numWords: 40 });
    expect(Math.abs(acc - 0.5)).toBeLessThan(0.1);
  });

  test("gives the same figures again, others for another seed", () => {
    expect(baseline(options)).toEqual(baseline(options));
    expect(baseline({ ...options, seed: 1 }).loss).not.toBe(baseline(options).loss);
  });

  test("names itself in what it refuses", () => {
    const none = { x: [], y: [] };
    expect(() => baseline({ ...options, test: none })).toThrow(InvalidInputError);
    expect(() => baseline({ ...options, test: none })).toThrow(
      `${baseline.name}: expected test with at least one row and a label for each, got 0 rows, 0 labels;`,
    );
  });
});

test("averaged embeddings step down the gradient", () => {
  // One review, one pass, from the same seed: the first step has the full rate, and the loss must fall.
  const part = { x: [[2, 3, 3]], y: [1] };
  const model = new AveragedEmbeddings({ numWords: 4, width: 3, seed: 2 });
  const [first] = model.train(part, 1);
  expect(first.loss).toBeCloseTo(Math.log(2), 12);
  // The regression begins at 0, so the first step moves the bias by 0.5 · 0.5 and the kernel by 0.25 times the mean.
  const logit = 0.25 + 0.25 * squaredMean();
  expect(model.score(part).loss).toBeCloseTo(Math.log1p(Math.exp(-logit)), 6);
});

/** The squared length of the mean of words 2, 3 and 3, drawn as the model draws them. */
function squaredMean(): number {
  const random = new RandomState(2);
  const table = Float32Array.from({ length: 12 }, () => (2 * random.uniform() - 1) / 3);
  return [0, 1, 2].reduce((sum, e) => sum + ((table[6 + e] + 2 * table[9 + e]) / 3) ** 2, 0);
}

import { describe, expect, test } from "vitest";
import { sampler, temper } from "../../../src/datasets/index";
import { RandomState } from "../../../src/datasets/random-state";
import { InvalidInputError } from "../../../src/runtime/errors";

const close = (actual: ArrayLike<number>, expected: number[]) => {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 14));
};

/** Pearson's statistic of counts against expected shares. */
function chiSquare(counts: number[], shares: ArrayLike<number>): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count, i) => sum + (count - total * shares[i]) ** 2 / (total * shares[i]), 0);
}

describe("temper", () => {
  test("by hand: squares at a half, square roots at two", () => {
    close(temper([0.5, 0.25, 0.25], { temperature: 0.5 }), [4 / 6, 1 / 6, 1 / 6]);
    close(temper([0.64, 0.36], { temperature: 2 }), [0.8 / 1.4, 0.6 / 1.4]);
    close(temper([0.2, 0.3, 0.5]), [0.2, 0.3, 0.5]);
  });

  test("the sum of what comes does not matter", () => {
    close(temper([2, 6]), [0.25, 0.75]);
  });

  test("temperature 0 takes the likeliest, of equals the first", () => {
    close(temper([0.1, 0.45, 0.45], { temperature: 0 }), [0, 1, 0]);
  });

  test("small temperatures and small probabilities neither overflow nor vanish", () => {
    close(temper([1e-300, 3e-300], { temperature: 1 }), [0.25, 0.75]);
    close(temper([0.4, 0.6], { temperature: 1e-4 }), [0, 1]);
    close(
      temper([1e-38, 1], { temperature: 1e6 }).map((p) => Math.round(p * 1e3)),
      [500, 500],
    );
  });

  test("top-k keeps the k likeliest, of equals the first; more than all is all", () => {
    close(temper([0.1, 0.2, 0.3, 0.4], { topK: 2 }), [0, 0, 3 / 7, 4 / 7]);
    close(temper([0.25, 0.25, 0.25, 0.25], { topK: 3 }), [1 / 3, 1 / 3, 1 / 3, 0]);
    close(temper([0.5, 0.5], { topK: 9 }), [0.5, 0.5]);
  });

  test("excluded ids are not among the k", () => {
    close(temper([0.4, 0.3, 0.2, 0.1], { topK: 2, exclude: [0] }), [0, 0.6, 0.4, 0]);
  });

  test.each([
    [[1], { temperature: -1 }, "temperature as a number from 0, got -1"],
    [[1], { temperature: NaN }, "temperature as a number from 0, got NaN"],
    [[1], { topK: 0 }, "topK as a whole number of at least 1, got 0"],
    [[0.5, NaN], {}, "probabilities from 0, got NaN at 1"],
    [[0.5, -0.1], {}, "probabilities from 0, got -0.1 at 1"],
    [[0, 1], { exclude: [1] }, "an id with a probability above 0 that is not excluded, got none"],
    [[], {}, "an id with a probability above 0 that is not excluded, got none"],
  ])("%j with %j is refused", (probabilities, options, message) => {
    expect(() => temper(probabilities, options)).toThrow(InvalidInputError);
    expect(() => temper(probabilities, options)).toThrow(`sampler: expected ${message};`);
  });
});

describe("sampler", () => {
  const probabilities = [0.05, 0.1, 0.15, 0.3, 0.4];

  test.each([
    [{}, 18.47],
    [{ temperature: 0.5 }, 18.47],
    [{ temperature: 3 }, 18.47],
  ])("with %j it draws from the distribution", (options, limit) => {
    const draw = sampler({ ...options, seed: 11 });
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) counts[draw(probabilities)]++;
    // 18.47: exceeded by one in a thousand of fair samplers, with four degrees of freedom.
    expect(chiSquare(counts, temper(probabilities, options))).toBeLessThan(limit);
    // The same draws do not pass for those of another temperature.
    expect(chiSquare(counts, temper(probabilities, { temperature: 1.3 }))).toBeGreaterThan(limit);
  });

  test("never draws what top-k or exclude rule out", () => {
    const draw = sampler({ topK: 3, exclude: [3] });
    const seen = new Set(Array.from({ length: 500 }, () => draw(probabilities)));
    expect([...seen].sort()).toEqual([1, 2, 4]);
  });

  test("takes the id in whose share the random number falls", () => {
    const random = new RandomState(5);
    const draw = sampler({ seed: 5 });
    for (let i = 0; i < 50; i++) {
      const u = random.uniform();
      expect(draw([0.25, 0.25, 0.5])).toBe(u < 0.25 ? 0 : u < 0.5 ? 1 : 2);
    }
  });

  test("the same seed draws the same, another seed otherwise", () => {
    const draws = (seed: number) => {
      const draw = sampler({ seed });
      return Array.from({ length: 40 }, () => draw(probabilities));
    };
    expect(draws(3)).toEqual(draws(3));
    expect(draws(3)).not.toEqual(draws(4));
  });

  test("refuses options before the first draw", () => {
    expect(() => sampler({ temperature: Infinity })).toThrow(InvalidInputError);
  });
});

test("uniform numbers are those of NumPy's random_sample", () => {
  const random = new RandomState(0);
  expect([random.uniform(), random.uniform(), random.uniform()]).toEqual([
    0.5488135039273248, 0.7151893663724195, 0.6027633760716439,
  ]);
});

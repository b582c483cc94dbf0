import { describe, expect, test } from "vitest";
import { replaceBetween } from "../../bench/report/docs";
import { lineChart } from "../../bench/report/line-chart";
import { curvePlot, curveTable, scaleText, tokenRatio } from "../../bench/report/scale";
import { plotsOf, resultName } from "../../bench/report/write";
import type { ScaleResult } from "../../bench/result";
import { fitCostModel, leastSquares, modelled, type ModelPoint } from "../../bench/scale/cost-model";
import { fullPlan, sizesWithin, type ScaleSizes } from "../../bench/scale/points";
import { makeRows } from "../../bench/scale/rows";
import type { ScalePoint } from "../../bench/scale/run";
import { summarize } from "../../bench/statistics";

const { seed } = fullPlan;

describe("rows", () => {
  const sizes: ScaleSizes = { ...seed, vocabulary: 1000, batchSize: 64, steps: 200 };

  test("random rows are full", () => {
    const { x, y, tokens, distinct } = makeRows("random", sizes, 2);
    expect(x.shape).toEqual([128, 200]);
    expect(y).toHaveLength(128);
    expect(tokens).toBe(64 * 200);
    expect(Math.min(...x.data)).toBe(1);
    expect(Math.max(...x.data)).toBe(999);
    expect(distinct).toBeGreaterThan(990);
  });

  test("review-like rows are ragged, padded at the front, and repeat their common words", () => {
    const { x, tokens, distinct } = makeRows("review-like", sizes, 20);
    expect(tokens / (64 * 200)).toBeGreaterThan(0.42);
    expect(tokens / (64 * 200)).toBeLessThan(0.46);
    for (let row = 0; row < 64 * 20; row++) {
      const first = x.data.subarray(row * 200, (row + 1) * 200).findIndex((token) => token !== 0);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(x.data.subarray(row * 200 + first, (row + 1) * 200)).not.toContain(0);
    }
    expect(distinct).toBeLessThan(950);
    const share = x.data.filter((token) => token === 1).length / (tokens * 20);
    // ln 2 / ln 1000 of all tokens are the most frequent word.
    expect(share).toBeCloseTo(Math.LN2 / Math.log(1000), 2);
  });
});

describe("points", () => {
  const large = { work: Infinity, states: Infinity };

  test("keep their sizes where they fit", () => {
    expect(sizesWithin("steps", 20_000, seed, large)).toEqual({ ...seed, steps: 20_000 });
  });

  test("beyond the limits have fewer samples on the curve over T, fewer steps on the others", () => {
    const work = 6 * 32 * 32 * 128 * 1000;
    expect(sizesWithin("steps", 4000, seed, { ...large, work }).batchSize).toBe(32);
    expect(sizesWithin("units", 64, seed, { ...large, work }).steps).toBe(250);
    const states = 256 * 251 * 32;
    expect(sizesWithin("batchSize", 256, seed, { ...large, states }).steps).toBe(250);
    expect(sizesWithin("units", 64, seed, { ...large, work: 1 })).toEqual({
      ...seed,
      units: 64,
      steps: 16,
      batchSize: 8,
    });
    expect(sizesWithin("vocabulary", 64, seed, { ...large, work: 1 })).toEqual({
      ...seed,
      vocabulary: 64,
      steps: 16,
    });
  });

  test("the seed and the compared lengths are not made smaller to save time, but where no buffer holds them", () => {
    const tiny = { ...large, work: 1 };
    for (const curve of ["steps", "batchSize", "units", "vocabulary"] as const) {
      expect(sizesWithin(curve, seed[curve], seed, tiny)).toEqual(seed);
    }
    expect(sizesWithin("steps", 5000, seed, tiny)).toEqual({ ...seed, steps: 5000 });
    expect(sizesWithin("steps", 5000, seed, { ...large, states: 64 * 5001 * 32 }).batchSize).toBe(64);
  });
});

describe("the model of cost", () => {
  const point = (steps: number, units: number, batchSize: number, vocabulary = 1000): ModelPoint => ({
    sizes: { ...seed, steps, units, batchSize, vocabulary },
    tokens: steps * batchSize,
    distinct: Math.min(vocabulary, steps * batchSize),
    parameters: vocabulary * 32 + 32 * units + units * units + 2 * units + 1,
    dispatches: { train: 11, forward: 4 },
  });
  const points = [50, 300, 2000].flatMap((steps) =>
    [4, 32, 100].flatMap((units) =>
      [1, 16, 128].flatMap((batch) => [500, 20_000].map((v) => point(steps, units, batch, v))),
    ),
  );

  test("finds the coefficients that made the times", () => {
    const cost = ({ tokens, sizes, parameters, dispatches }: ModelPoint): number =>
      0.03 * dispatches.train + 2e-6 * tokens * sizes.units ** 2 + 4e-6 * parameters;
    const model = fitCostModel("train", points, points.map(cost));
    const coefficient = (term: string): number =>
      model.terms.find((one) => one.term === term)?.milliseconds ?? 0;
    expect(coefficient("dispatch")).toBeCloseTo(0.03, 6);
    expect(coefficient("recurrence") * 1e6).toBeCloseTo(2, 4);
    expect(coefficient("parameter") * 1e6).toBeCloseTo(4, 4);
    for (const one of points) expect(modelled(model, one) / cost(one)).toBeCloseTo(1, 6);
  });

  test("has no part that would be negative, and none of the optimizer in a forward pass", () => {
    // Times that fall with U: the products cannot be what they are made of.
    const times = points.map(({ tokens, sizes }) => 1 + tokens / sizes.units);
    const model = fitCostModel("forward", points, times);
    expect(model.terms.every(({ milliseconds }) => milliseconds >= 0)).toBe(true);
    expect(model.terms.map(({ term }) => term)).not.toContain("parameter");
    expect(model.terms.length).toBeGreaterThan(0);
  });

  test("least squares: the nearest solution, and 0 for a column that adds nothing", () => {
    // y = 1 + 2x, with deviations that cancel out.
    const a = [0, 0, 2, 2].map((x) => [1, x]);
    const [constant, slope] = leastSquares(a, [0.9, 1.1, 4.8, 5.2]);
    expect(constant).toBeCloseTo(1, 10);
    expect(slope).toBeCloseTo(2, 10);
    const twice = leastSquares(
      [1, 2, 3].map((x) => [x, 2 * x]),
      [3, 6, 9],
    );
    expect(twice.filter((value) => value === 0)).toHaveLength(1);
    expect(twice[0] + 2 * twice[1]).toBeCloseTo(3, 10);
  });
});

/** Every token takes 1 µs in training, and half in the forward pass. */
function pointAt(steps: number, changes: Partial<ScalePoint> = {}): ScalePoint {
  const sizes = { ...seed, steps };
  const tokens = steps * seed.batchSize;
  const measured = {
    tokens,
    distinct: 9000,
    parameters: 322_113,
    dispatches: { train: 11, forward: 4 },
    memory: 25e6,
    train: summarize([tokens * 1e-3]),
    forward: summarize([tokens * 0.5e-3]),
  };
  return { curve: "steps", rows: "random", sizes, measured, ...changes };
}

function resultOf(points: ScalePoint[]): ScaleResult {
  const fitted = points.flatMap(({ sizes, measured }) => (measured ? [{ sizes, ...measured }] : []));
  return {
    kind: "scale",
    date: "2026-01-02",
    machine: { cpu: "A Processor", cores: 2, system: "linux x64" },
    runtime: "Node 20.1.0",
    adapter: "google swiftshader",
    versions: {},
    cell: "simpleRnn",
    seed,
    points,
    models: {
      train: fitCostModel(
        "train",
        fitted,
        fitted.map(({ train }) => train.median),
      ),
      forward: fitCostModel(
        "forward",
        fitted,
        fitted.map(({ forward }) => forward.median),
      ),
    },
  };
}

describe("the report", () => {
  const refused = pointAt(20_000, { measured: undefined, note: "memory for h: too much" });
  const halved = pointAt(10_000, { sizes: { ...seed, steps: 10_000, batchSize: 64 } });
  const result = resultOf([pointAt(500), pointAt(5000), halved, refused]);

  test("a curve's table has times per token, smaller sizes, and why a point is missing", () => {
    const text = curveTable(result, "steps");
    expect(text).toMatch(
      /\| 500 +\| +random \| +64,000 \| +64\.0 \| +1,000 \([+−]0 %\) \| +500 \([+−]0 %\) \| +25\.0 MB \| +11 \|/,
    );
    expect(text).toMatch(/\| 10,000, B = 64 \|/);
    expect(text).toMatch(/\| 20,000 +\| +random \| +– \| memory for h: too much \|/);
  });

  test("the ratio of long to short rows stands in it only where both have the seed's other sizes", () => {
    expect(tokenRatio(result, "random", "train")).toBeCloseTo(1, 12);
    expect(tokenRatio(result, "review-like", "train")).toBeUndefined();
    expect(scaleText(result)).toContain(
      "T = 5,000 over T = 500: 1.00 (training step, random rows), 1.00 (forward, random rows).",
    );
    const slower = pointAt(5000);
    slower.measured!.train = summarize([5000 * 128 * 1.2e-3]);
    expect(tokenRatio(resultOf([pointAt(500), slower]), "random", "train")).toBeCloseTo(1.2, 12);
    const smaller = pointAt(5000, { sizes: { ...seed, steps: 5000, batchSize: 64 } });
    expect(tokenRatio(resultOf([pointAt(500), smaller]), "random", "train")).toBeUndefined();
  });

  test("has a picture for each curve with two points; a constant cost is a horizontal line", () => {
    expect(resultName(result)).toBe("scale-node-swiftshader");
    expect([...plotsOf(result).keys()]).toEqual(["scale-node-swiftshader-t.svg"]);
    expect(curvePlot(result, "units")).toBeUndefined();
    const [, points] = /polyline class="line first" points="([^"]+)"/.exec(curvePlot(result, "steps")!)!;
    const pairs = points.split(" ").map((pair) => pair.split(",").map(Number));
    expect(pairs).toHaveLength(3);
    expect(new Set(pairs.slice(0, 2).map(([, y]) => y)).size).toBe(1);
  });

  test("equal factors are equal distances, and the axes reach round all points", () => {
    const points = [1, 10, 100].map((x) => ({ x, y: 3 * x }));
    const svg = lineChart("a & b", "x", [{ label: "<one>", points, look: "first" }]);
    const places = [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    expect(places[1][0] - places[0][0]).toBeCloseTo(places[2][0] - places[1][0], 0);
    expect(places[0][1] - places[1][1]).toBeCloseTo(places[1][1] - places[2][1], 0);
    expect(places[1][1]).toBeLessThan(places[0][1]);
    for (const [x, y] of places) {
      expect(x).toBeGreaterThanOrEqual(70);
      expect(x).toBeLessThanOrEqual(700);
      expect(y).toBeGreaterThanOrEqual(44);
      expect(y).toBeLessThanOrEqual(296);
    }
    expect(svg).toContain("a &amp; b");
    expect(svg).toContain("&lt;one>");
  });

  test("stands between its own marks", () => {
    const part = { page: "page.md", begin: "<!-- begin -->" };
    expect(replaceBetween("a\n<!-- begin -->\nold\n<!-- end -->\nb", "new", part)).toBe(
      "a\n<!-- begin -->\n\nnew\n\n<!-- end -->\nb",
    );
    expect(() => replaceBetween("nothing", "new", part)).toThrow(/^page\.md: expected the marks/);
  });
});

import { describe, expect, test } from "vitest";
import { constant, resolveInitializer } from "../../src/model/initializers";
import { orthonormalizeRows } from "../../src/model/orthogonal";
import { Random } from "../../src/model/random";
import { InvalidInputError } from "../../src/runtime/errors";
import { assertClose, assertThrows } from "../support/assert";

function moments(values: ArrayLike<number>): { mean: number; deviation: number; low: number; high: number } {
  const list = Array.from(values);
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  const variance = list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length;
  return {
    mean,
    deviation: Math.sqrt(variance),
    low: list.reduce((a, b) => Math.min(a, b)),
    high: list.reduce((a, b) => Math.max(a, b)),
  };
}

describe("random", () => {
  test("is xoshiro128**: its first outputs from the state 1, 2, 3, 4", () => {
    const random = Random.fromState([1, 2, 3, 4]);
    expect(Array.from({ length: 4 }, () => random.uint32())).toEqual([11520, 0, 5927040, 70819200]);
  });

  test("a seed and a stream fix the numbers; others give others", () => {
    const first = (seed: number, stream?: number): number => new Random(seed, stream).uint32();
    expect(first(7)).toBe(first(7));
    const all = [
      first(0),
      first(1),
      first(7),
      first(7, 1),
      first(7 + 2 ** 40),
      first(Number.MAX_SAFE_INTEGER),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test("the numbers of seed 0 stay what they are, version after version", () => {
    const random = new Random(0);
    const numbers = Array.from({ length: 3 }, () => random.uint32());
    expect(numbers).toEqual([244524319, 546608192, 276231662]);
  });

  test("a stored state goes on with the same numbers, also after JSON", () => {
    const random = new Random(3);
    random.normal();
    const stored = JSON.parse(JSON.stringify(random.state())) as [number, number, number, number];
    const expected = [random.normal(), random.uniform(), random.below(1000)];
    const resumed = Random.fromState(stored);
    expect([resumed.normal(), resumed.uniform(), resumed.below(1000)]).toEqual(expected);
  });

  test("moments of uniform, normal and truncated normal", () => {
    const random = new Random(1);
    const draw = (next: () => number) => moments(Array.from({ length: 100_000 }, next));
    const uniform = draw(() => random.uniform());
    assertClose([uniform.mean, uniform.deviation], [0.5, Math.sqrt(1 / 12)], 0.005, "uniform");
    expect(uniform.low).toBeGreaterThanOrEqual(0);
    expect(uniform.high).toBeLessThan(1);
    const normal = draw(() => random.normal());
    assertClose([normal.mean, normal.deviation], [0, 1], 0.015, "normal");
    expect(normal.high).toBeGreaterThan(3.5);
    const truncated = draw(() => random.truncatedNormal());
    assertClose([truncated.mean, truncated.deviation], [0, 0.8796], 0.015, "truncated");
    expect(truncated.high).toBeLessThanOrEqual(2);
  });

  test("below is even, and a shuffle puts every element in every place equally often", () => {
    const random = new Random(5);
    const counts = new Float64Array(9);
    const rounds = 30_000;
    for (let round = 0; round < rounds; round++) {
      random.shuffle([0, 1, 2]).forEach((value, place) => counts[place * 3 + value]++);
    }
    assertClose(
      counts.map((count) => count / rounds),
      new Float64Array(9).fill(1 / 3),
      0.015,
      "share of value by place",
    );
    expect([...random.shuffle(Uint32Array.of(4, 5, 6, 7))].sort()).toEqual([4, 5, 6, 7]);
  });

  test("refuses what is no seed, stream or state", async () => {
    for (const seed of [-1, 0.5, NaN, 2 ** 53]) {
      await assertThrows(
        () => new Random(seed),
        InvalidInputError,
        /seed as a whole number from 0 to .*, got/,
      );
    }
    await assertThrows(() => new Random(0, 2 ** 32), InvalidInputError, /stream as a whole number/);
    await assertThrows(() => Random.fromState([0, 0, 0, 0]), InvalidInputError, /not all 0/);
  });
});

describe("initializers", () => {
  const shape = [200, 300];
  const uniformLimits: Record<string, number> = {
    random_uniform: 0.05,
    glorotUniform: Math.sqrt(6 / 500),
    heUniform: Math.sqrt(6 / 200),
    lecun_uniform: Math.sqrt(3 / 200),
  };
  for (const [name, limit] of Object.entries(uniformLimits)) {
    test(`${name} fills [-${limit.toFixed(4)}, ${limit.toFixed(4)}] evenly`, () => {
      const { mean, deviation, low, high } = moments(resolveInitializer(name).create(shape, new Random(2)));
      assertClose([mean / limit, deviation / limit], [0, Math.sqrt(1 / 3)], 0.01, "mean, deviation");
      assertClose([low / limit, high / limit], [-1, 1], 0.001, "range");
    });
  }

  const normalDeviations: Record<string, number> = {
    truncatedNormal: 0.05 * 0.87962566,
    glorot_normal: Math.sqrt(2 / 500),
    HeNormal: Math.sqrt(2 / 200),
    lecunNormal: Math.sqrt(1 / 200),
  };
  for (const [name, expected] of Object.entries(normalDeviations)) {
    test(`${name} has deviation ${expected.toFixed(4)} after cutting off at two`, () => {
      const { mean, deviation, high } = moments(resolveInitializer(name).create(shape, new Random(2)));
      assertClose([mean / expected, deviation / expected], [0, 1], 0.015, "mean, deviation");
      assertClose([(high / expected) * 0.87962566], [2], 0.01, "cut");
    });
  }

  test("fans of a vector and of a convolution", () => {
    const spread = (dimensions: number[]): number =>
      moments(resolveInitializer("glorotUniform").create(dimensions, new Random(4))).high;
    assertClose([spread([5000])], [Math.sqrt(6 / 10_000)], 1e-4, "vector");
    assertClose([spread([3, 40, 60])], [Math.sqrt(6 / 300)], 1e-3, "three axes");
  });

  for (const [rows, columns] of [
    [1, 1],
    [7, 7],
    [5, 3],
    [3, 5],
    [37, 64],
    [130, 130],
  ]) {
    test(`orthogonal [${String(rows)}, ${String(columns)}]`, () => {
      const matrix = resolveInitializer("orthogonal").create([rows, columns], new Random(6));
      assertClose(gram(matrix, rows, columns), identity(Math.min(rows, columns)), 2e-6, "gram matrix");
    });
  }

  test("orthonormal rows are the Q of a QR whose R has a positive diagonal", () => {
    const vectors = Float64Array.of(-3, 0, -4, 1, 5, 0, 1, 2, 3);
    orthonormalizeRows(vectors, 3, 3);
    const along = [-3, 0, -4, 1, 5, 0, 1, 2, 3];
    const diagonal = [0, 1, 2].map((row) =>
      [0, 1, 2].reduce((sum, i) => sum + vectors[row * 3 + i] * along[row * 3 + i], 0),
    );
    expect(Math.min(...diagonal)).toBeGreaterThan(0);
    assertClose(vectors.subarray(0, 3), [-0.6, 0, -0.8], 1e-15, "the first row is only scaled");
    const gramMatrix = gram(Float32Array.from(vectors), 3, 3);
    assertClose(gramMatrix, identity(3), 1e-6, "gram matrix");
  });

  test("orthogonal takes a gain, and is quick at 1,024 units", () => {
    const begin = performance.now();
    const matrix = resolveInitializer({ name: "orthogonal", config: { gain: 3 } }).create(
      [1024, 1024],
      new Random(9),
    );
    const seconds = (performance.now() - begin) / 1000;
    let squares = 0;
    for (let c = 0; c < 1024; c++) squares += matrix[c] ** 2;
    assertClose([squares], [9], 1e-4, "norm of the first row, squared");
    expect(seconds).toBeLessThan(10);
  });

  test("the same seed gives the same bits; config says what it was made with", () => {
    const create = (): Float32Array => resolveInitializer("glorot_uniform").create([4, 5], new Random(11));
    expect(create()).toEqual(create());
    expect(resolveInitializer("random_uniform").config).toEqual({ minval: -0.05, maxval: 0.05 });
    const stored = JSON.stringify(resolveInitializer({ name: "constant", config: { value: 2 } }));
    const two = resolveInitializer(JSON.parse(stored) as { name: string; config: { value: number } });
    expect(two.create([2], new Random(0))).toEqual(Float32Array.of(2, 2));
    expect(JSON.stringify(constant(2))).toBe(stored);
    expect(JSON.stringify(constant({ value: 2 }))).toBe(stored);
  });

  test("unknown names and shapes are refused by name", async () => {
    await assertThrows(
      () => resolveInitializer("glorot"),
      InvalidInputError,
      /name as one of zeros, .*got "glorot"/,
    );
    await assertThrows(() => resolveInitializer("toString"), InvalidInputError, /got "toString"/);
    const orthogonal = resolveInitializer("orthogonal");
    await assertThrows(
      () => orthogonal.create([4], new Random(0)),
      InvalidInputError,
      /two or more axes, got \[4\]/,
    );
  });
});

function gram(matrix: Float32Array, rows: number, columns: number): Float64Array {
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const at = (vector: number, i: number): number =>
    rows < columns ? matrix[vector * columns + i] : matrix[i * columns + vector];
  return Float64Array.from({ length: count * count }, (_, index) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += at(Math.floor(index / count), i) * at(index % count, i);
    return sum;
  });
}

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
}

import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../src/runtime/errors";
import { assertClose, assertEqual, assertThrows, distance } from "./assert";
import { randomTokens } from "./random";

describe("the assertions fail when they should", () => {
  test("assertClose names the worst element and how far it is off", () => {
    const compare = () => {
      assertClose([1, 2, 3.5], [1, 2.1, 3], 0.2, "w");
    };
    expect(compare).toThrow(
      /^w\[2\]: expected 3, got 3.5; max error 5.000e-1 \(allowed 2.000e-1\), relative/,
    );
  });

  test("assertClose: lengths, NaN, infinities, empty arrays", () => {
    const compare = (actual: number[], expected: number[]) => () => {
      assertClose(actual, expected, { absolute: 1, relative: 1 }, "w");
    };
    expect(compare([1], [1, 2])).toThrow(/2 values, got 1/);
    expect(compare([NaN, 1], [1, 1])).toThrow(/w\[0\]: expected 1, got NaN; max error Infinity/);
    expect(compare([1], [NaN])).toThrow(/max error Infinity/);
    expect(compare([-Infinity], [Infinity])).toThrow(/max error Infinity/);
    expect(compare([NaN, Infinity], [NaN, Infinity])).not.toThrow();
    expect(compare([], [])).not.toThrow();
  });

  test("a relative tolerance is of the largest expected magnitude", () => {
    const compare = (error: number) => () => {
      assertClose([100, error], [100, 0], { absolute: 0, relative: 0.01 }, "w");
    };
    expect(compare(0.99)).not.toThrow();
    expect(compare(1.01)).toThrow();
    expect(distance([3, 4], [0, 0]).relativeToNorm).toBe(Infinity);
  });

  test("assertEqual goes into arrays, objects and maps", () => {
    const compare = (actual: unknown, expected: unknown) => () => {
      assertEqual(actual, expected, "x");
    };
    expect(compare({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).not.toThrow();
    expect(compare({ a: [1, { b: 3 }] }, { a: [1, { b: 2 }] })).toThrow(
      /x\["a"\]\["1"\]\["b"\]: expected 2, got 3/,
    );
    expect(compare(Float32Array.of(1), Int32Array.of(1))).toThrow();
    expect(compare({ a: 1 }, { a: 1, b: 2 })).toThrow(/2 entries, got 1/);
    expect(compare(new Map([[1, 2]]), new Map([[1, 3]]))).toThrow(/expected 3, got 2/);
    expect(compare(0, -0)).toThrow();
  });

  test("assertThrows: nothing thrown, another class, another message", async () => {
    const check = (action: () => unknown) => assertThrows(action, InvalidInputError, /needle/);
    await expect(check(() => 1)).rejects.toThrow(/nothing was thrown/);
    await expect(check(() => Promise.reject(new TypeError("needle")))).rejects.toThrow(
      /expected InvalidInputError/,
    );
    await expect(check(() => Promise.reject(new InvalidInputError("hay")))).rejects.toThrow(/got "hay"/);
    await expect(check(() => Promise.reject(new InvalidInputError("a needle")))).resolves.toBeUndefined();
  });
});

test("random tokens: padding stands where it should", () => {
  const rows = (padding: Parameters<typeof randomTokens>[2]): string[] => {
    const tokens = randomTokens({ batch: 6, steps: 8, vocabulary: 5 }, 3, padding);
    return Array.from({ length: 6 }, (_, b) =>
      [...tokens.subarray(b * 8, b * 8 + 8)].map((token) => (token === 0 ? "0" : "x")).join(""),
    );
  };
  expect(rows("none").every((row) => /^x+$/.test(row))).toBe(true);
  expect(rows("left").every((row) => /^0*x+$/.test(row))).toBe(true);
  expect(rows("right").every((row) => /^x+0*$/.test(row))).toBe(true);
  expect(rows("interior").some((row) => /x0+x/.test(row))).toBe(true);
  expect(rows("all").every((row) => /^0+$/.test(row))).toBe(true);
  expect(rows("mixed")).toContain("00000000");
});

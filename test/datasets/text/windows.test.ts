import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { statefulWindows, textWindows } from "../../../src/datasets/index";
import { InvalidInputError } from "../../../src/runtime/errors";

const text = (length: number): number[] => Array.from({ length }, (_, i) => i + 1);

describe("textWindows", () => {
  test("targets are the inputs, one token on", () => {
    const { x, y } = textWindows(text(7), { length: 3 });
    expect(x.shape).toEqual([2, 3]);
    expect([...x.data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...y]).toEqual([2, 3, 4, 5, 6, 7]);
  });

  test("the last token is only a target, so that six tokens make one window of three", () => {
    expect(textWindows(text(6), { length: 3 }).x.shape).toEqual([1, 3]);
    expect(textWindows(text(4), { length: 3 }).x.shape).toEqual([1, 3]);
  });

  test("a stride makes windows overlap, or leaves gaps", () => {
    expect([...textWindows(text(6), { length: 3, stride: 1 }).x.data]).toEqual([1, 2, 3, 2, 3, 4, 3, 4, 5]);
    expect([...textWindows(text(9), { length: 2, stride: 4 }).x.data]).toEqual([1, 2, 5, 6]);
  });

  test.each([
    [3, { length: 3 }, "a text of at least length + 1 = 4 tokens, got 3"],
    [9, { length: 0 }, "length as a whole number of at least 1, got 0"],
    [9, { length: 2, stride: 1.5 }, "stride as a whole number of at least 1, got 1.5"],
  ])("%i tokens, %j: refused", (length, options, message) => {
    expect(() => textWindows(text(length), options)).toThrow(InvalidInputError);
    expect(() => textWindows(text(length), options)).toThrow(`textWindows: expected ${message};`);
  });
});

test("whatever the sizes, each target follows its input, and no text that would make a window is left", () => {
  const size = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 200 }), size, size, size, (total, length, stride, batchSize) => {
      const check = ({ x, y }: ReturnType<typeof textWindows>) => {
        expect(x.data).toHaveLength(x.shape[0] * length);
        expect([...y]).toEqual([...x.data].map((token) => token + 1));
        expect(y.at(-1)).toBeLessThanOrEqual(total);
      };
      fc.pre(total > batchSize * length);
      const windows = textWindows(text(total), { length, stride });
      check(windows);
      // One more window would need a token beyond the text's end.
      expect(windows.x.shape[0] * stride + length + 1).toBeGreaterThan(total);
      const batches = statefulWindows(text(total), { length, batchSize });
      check(batches);
      expect(new Set(batches.x.data).size).toBe(batches.x.data.length);
      expect(batches.x.data.length + batchSize * length + batchSize).toBeGreaterThan(total - 1);
    }),
  );
});

describe("statefulWindows", () => {
  test("row i of a batch goes on where row i of the batch before ended", () => {
    const [length, batchSize] = [3, 4];
    const { x, y } = statefulWindows(text(50), { length, batchSize });
    // By hand: pieces of floor(49 / 4) = 12 tokens are four windows of three.
    expect(x.shape).toEqual([16, 3]);
    const row = (batch: number, i: number, of = x.data) => {
      const start = (batch * batchSize + i) * length;
      return [...of.subarray(start, start + length)];
    };
    expect([0, 1, 2, 3].map((i) => row(0, i)[0])).toEqual([1, 13, 25, 37]);
    for (let batch = 0; batch < 3; batch++) {
      for (let i = 0; i < batchSize; i++) expect(row(batch + 1, i)[0]).toBe(row(batch, i).at(-1)! + 1);
    }
    expect(row(3, 3)).toEqual([46, 47, 48]);
    expect([...y]).toEqual([...x.data].map((token) => token + 1));
  });

  test("a text too short for one batch is refused", () => {
    expect(statefulWindows(text(7), { length: 3, batchSize: 2 }).x.shape).toEqual([2, 3]);
    expect(() => statefulWindows(text(6), { length: 3, batchSize: 2 })).toThrow(
      "statefulWindows: expected a text of at least batchSize · length + 1 = 7 tokens, got 6; pass a longer text, a smaller length or a smaller batchSize",
    );
    expect(() => statefulWindows(text(7), { length: 3, batchSize: 0 })).toThrow("batchSize");
  });
});

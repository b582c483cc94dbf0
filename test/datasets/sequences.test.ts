import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../src/runtime/errors";
import { type PadOptions, padSequences } from "../../src/datasets/index";

const sequences = [[1], [2, 3], [4, 5, 6]];

/** The examples of Keras's documentation, and the other corners by its code. */
test.each<[PadOptions, number[]]>([
  [{}, [0, 0, 1, 0, 2, 3, 4, 5, 6]],
  [{ value: -1 }, [-1, -1, 1, -1, 2, 3, 4, 5, 6]],
  [{ padding: "post" }, [1, 0, 0, 2, 3, 0, 4, 5, 6]],
  [{ maxlen: 2 }, [0, 1, 2, 3, 5, 6]],
  [{ maxlen: 2, truncating: "post" }, [0, 1, 2, 3, 4, 5]],
  [{ maxlen: 4, padding: "post", value: 9 }, [1, 9, 9, 9, 2, 3, 9, 9, 4, 5, 6, 9]],
  [{ maxlen: 1, truncating: "post" }, [1, 2, 4]],
])("%o", (options, expected) => {
  const { data, shape } = padSequences(sequences, { ...options, dtype: "int32" });
  expect(data).toEqual(Int32Array.from(expected));
  expect(shape).toEqual([3, expected.length / 3]);
});

test("typed rows, empty rows, no rows, unsigned numbers", () => {
  expect(padSequences([Int32Array.of(1, 2, 3), []], { maxlen: 2 }).data).toEqual(Int32Array.of(2, 3, 0, 0));
  expect(padSequences([], { maxlen: 3 })).toEqual({ data: new Int32Array(0), shape: [0, 3] });
  expect(padSequences([[4294967295]], { dtype: "uint32" }).data).toEqual(Uint32Array.of(4294967295));
});

describe("refuses", () => {
  test.each<[string, unknown, unknown, string]>([
    ["no list", 5, {}, "list of lists"],
    ["null", null, {}, "list of lists"],
    ["a row that is a number", [[1], 5], {}, "5 in row 1"],
    ["a row of text", ["text"], {}, "text in row 0"],
    ["a fraction", [[1, 0.5]], {}, "0.5 at [0][1]"],
    ["NaN", [[NaN]], {}, "NaN at [0][0]"],
    ["a number too large", [[2 ** 31]], {}, "2147483648"],
    ["a negative number among unsigned ones", [[-1]], { dtype: "uint32" }, "-1"],
    ["maxlen 0", [[1]], { maxlen: 0 }, "maxlen"],
    ["no rows without maxlen", [], {}, "maxlen"],
    ["another side", [[1]], { padding: "left" }, '"left"'],
    ["another side of cutting", [[1]], { truncating: "middle" }, '"middle"'],
    ["another type", [[1]], { dtype: "float32" }, '"float32"'],
    ["a value with a fraction", [[1]], { value: 0.5 }, "0.5"],
  ])("%s", (_, rows, options, message) => {
    const call = () => padSequences(rows as number[][], options as object);
    expect(call).toThrow(InvalidInputError);
    expect(call).toThrow(message);
  });
});

import { describe, expect, test } from "vitest";
import { FormatError, InvalidInputError } from "../../src/runtime/errors";
import { type ArrangeOptions, type Split, arrange } from "../../src/datasets/arrange";
import { rawTest, rawTrain } from "./npz-fixture";

interface Plain {
  x: number[][];
  y: number[];
}

const plain = ({ x, y }: Split): Plain => ({ x: x.map((row) => [...row]), y: [...y] });

/** Computed with NumPy by the steps of Keras 3's `load_data`. */
const goldens: [ArrangeOptions, train: Plain, test: Plain][] = [
  [
    {},
    {
      x: [
        [1, 12, 4],
        [1, 4, 5, 6],
        [1, 23],
        [1, 7, 7, 7, 7],
        [1, 10, 11],
      ],
      y: [0, 1, 0, 1, 1],
    },
    {
      x: [
        [1, 2, 4, 5],
        [1, 8, 9],
        [1, 6],
      ],
      y: [1, 0, 1],
    },
  ],
  [
    { numWords: 10 },
    {
      x: [
        [1, 2, 4],
        [1, 4, 5, 6],
        [1, 2],
        [1, 7, 7, 7, 7],
        [1, 2, 2],
      ],
      y: [0, 1, 0, 1, 1],
    },
    {
      x: [
        [1, 2, 4, 5],
        [1, 8, 9],
        [1, 6],
      ],
      y: [1, 0, 1],
    },
  ],
  [
    { numWords: 12, skipTop: 5 },
    {
      x: [
        [2, 2, 2],
        [2, 2, 5, 6],
        [2, 2],
        [2, 7, 7, 7, 7],
        [2, 10, 11],
      ],
      y: [0, 1, 0, 1, 1],
    },
    {
      x: [
        [2, 2, 2, 5],
        [2, 8, 9],
        [2, 6],
      ],
      y: [1, 0, 1],
    },
  ],
  [
    { maxlen: 4 },
    {
      x: [
        [1, 12, 4],
        [1, 2],
        [1, 10, 11],
      ],
      y: [0, 0, 1],
    },
    {
      x: [
        [1, 8, 9],
        [1, 6],
      ],
      y: [0, 1],
    },
  ],
  [
    { startChar: null, indexFrom: 0 },
    { x: [[9, 1], [1, 2, 3], [20], [4, 4, 4, 4], [7, 8]], y: [0, 1, 0, 1, 1] },
    { x: [[2, 1, 2], [5, 6], [3]], y: [1, 0, 1] },
  ],
  [
    { oovChar: null, numWords: 10, seed: 7 },
    { x: [[1, 4, 5, 6], [1], [1, 7, 7, 7, 7], [1, 4], [1]], y: [1, 0, 1, 0, 1] },
    {
      x: [
        [1, 6],
        [1, 4, 5],
        [1, 8, 9],
      ],
      y: [1, 1, 0],
    },
  ],
  [
    { startChar: null, maxlen: 3, seed: 0 },
    { x: [[12, 4], [2], [10, 11]], y: [0, 0, 1] },
    { x: [[8, 9], [6]], y: [0, 1] },
  ],
];

test.each(goldens)("%o gives Keras's rows", (options, train, held) => {
  const dataset = arrange(rawTrain, rawTest, options, "test");
  expect(plain(dataset.train)).toEqual(train);
  expect(plain(dataset.test)).toEqual(held);
});

test("an option that is undefined takes its default", () => {
  const given = arrange(rawTrain, rawTest, { seed: undefined, startChar: undefined }, "test");
  expect(given).toEqual(arrange(rawTrain, rawTest, {}, "test"));
});

describe("refuses", () => {
  test.each<[ArrangeOptions, string]>([
    [{ numWords: 0 }, "numWords"],
    [{ numWords: 1.5 }, "numWords"],
    [{ skipTop: -1 }, "skipTop"],
    [{ maxlen: 0 }, "maxlen"],
    [{ seed: -1 }, "seed"],
    [{ oovChar: NaN }, "oovChar"],
    [{ maxlen: 2 }, "increase maxlen"],
  ])("%o", (options, message) => {
    const call = () => arrange(rawTrain, rawTest, options, "imdb.loadData");
    expect(call).toThrow(InvalidInputError);
    expect(call).toThrow(message);
  });

  test.each([[[-1]], [[0.5]], [[NaN]], [["1"]], [[null]], [[2 ** 31]]])("the row %o", (row) => {
    expect(() => arrange({ x: [row], y: [0] }, rawTest, {}, "test")).toThrow(FormatError);
  });
});

import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { imdb } from "../../src/datasets/index";
import { readNumbers } from "../../src/datasets/npy";
import { readZip } from "../../src/files/zip";
import { FormatError } from "../../src/runtime/errors";
import { labels, npy, objects, rawTrain, smallNpz } from "./npz-fixture";

const use = { where: "test", remedy: "fetch it again", other: "pass another", limit: 2 ** 20 };
const load = (data: Uint8Array) => imdb.loadData({ data });

/** Overwrites a field of an entry's record in the zip's directory. */
function patchDirectory(zip: Uint8Array, entry: number, field: number, value: number): Uint8Array {
  const patched = zip.slice();
  const view = new DataView(patched.buffer);
  let at = view.getUint32(patched.length - 22 + 16, true);
  for (let i = 0; i < entry; i++) at += 46 + view.getUint16(at + 28, true);
  view.setUint32(at + field, value, true);
  return patched;
}

test.each([0, 6] as const)("an npz of level %i, as bytes", async (level) => {
  const { train, test: held } = await load(smallNpz({}, level));
  expect(train.x.map((row) => [...row])).toEqual([
    [1, 12, 4],
    [1, 4, 5, 6],
    [1, 23],
    [1, 7, 7, 7, 7],
    [1, 10, 11],
  ]);
  expect([...train.y, ...held.y]).toEqual([0, 1, 0, 1, 1, 1, 0, 1]);
});

test("bytes within a larger buffer, and an ArrayBuffer", async () => {
  const zip = smallNpz();
  const larger = new Uint8Array(zip.length + 9);
  larger.set(zip, 5);
  const expected = await load(zip);
  expect(await load(larger.subarray(5, 5 + zip.length))).toEqual(expected);
  expect(await imdb.loadData({ data: zip.slice().buffer })).toEqual(expected);
});

test.each<[string, number[], number[]]>([
  ["<i4", [1, 0, 0, 0, 255, 255, 255, 255], [1, -1]],
  [">u2", [1, 0, 0, 2], [256, 2]],
  ["|b1", [1, 0], [1, 0]],
  ["<f4", [0, 0, 128, 63, 0, 0, 0, 64], [1, 2]],
])("npy numbers of type %s", (descr, bytes, expected) => {
  expect([...readNumbersOf(npy(descr, 2, Uint8Array.from(bytes)))]).toEqual(expected);
});

const readNumbersOf = (bytes: Uint8Array) => Array.from(readNumbers(bytes, "test"));

describe("refuses with a FormatError", () => {
  const good = smallNpz();
  const cases: [string, Uint8Array, string][] = [
    ["no zip", new Uint8Array(100), "end record"],
    ["nothing", new Uint8Array(0), "end record"],
    ["a missing entry", zipSync({ "x_train.npy": objects([[1]]) }), "y_train.npy"],
    ["a path", smallNpz({ "../x.npy": labels([1]) }), "plain file names"],
    ["an absurd size", patchDirectory(good, 0, 24, 0xfffffff0), "bytes from"],
    ["a size beyond what deflate can fold", patchDirectory(good, 1, 24, 5_000_000), "bytes from"],
    ["a smaller size than there is", patchDirectory(good, 1, 24, 100), "more, once unfolded"],
    ["a place outside the file", patchDirectory(good, 0, 42, 0x7fffffff), "inside the file"],
    ["a wrong checksum", patchDirectory(good, 0, 16, 1), "checksum"],
    ["another way of folding", patchDirectory(good, 0, 10, 9), "method 9"],
    ["labels other than 0 and 1", smallNpz({ "y_train.npy": labels([1, 0, 7, 0, 1]) }), "labels 0 or 1"],
    ["fewer labels than rows", smallNpz({ "y_train.npy": labels([1]) }), "a label for each"],
    ["rows that are no lists", smallNpz({ "x_test.npy": labels([1, 2, 3]) }), "object array"],
    ["a negative word", smallNpz({ "x_test.npy": objects([[-4], [1], [2]]) }), "whole numbers"],
    [
      "another number of rows than announced",
      smallNpz({ "x_test.npy": npy("|O", 9, new Uint8Array()) }),
      "pickle",
    ],
    ["two axes", smallNpz({ "y_test.npy": new TextEncoder().encode("{'shape': (3, 1)}") }), "npy"],
  ];
  test.each(cases)("%s", async (_, data, message) => {
    await expect(load(data)).rejects.toThrow(FormatError);
    await expect(load(data)).rejects.toThrow(message);
  });

  test("an entry twice", () => {
    const zip = zipSync({ "a.npy": labels([1]), "b.npy": labels([0]) }, { level: 0 });
    const twice = zip.map((byte, i) => (byte === 98 && zip[i + 1] === 46 ? 97 : byte));
    expect(() => readZip(twice, ["a.npy"], use)).toThrow("twice");
  });

  test("a header that NumPy would refuse for its length", () => {
    const bytes = npy("<i8", 0, new Uint8Array(70_000));
    bytes[8] = bytes[9] = 255;
    expect(() => readNumbers(bytes, "test")).toThrow("header");
  });
});

describe("damage gives a FormatError or a data set, nothing else", () => {
  const zip = smallNpz();
  async function loads(data: Uint8Array): Promise<boolean> {
    try {
      const { train } = await load(data);
      expect(train.x).toHaveLength(rawTrain.x.length);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
      return false;
    }
  }

  test("cut off anywhere: always an error", async () => {
    for (let length = 0; length < zip.length; length += 3)
      expect(await loads(zip.subarray(0, length))).toBe(false);
  });

  test("single bits turned over", async () => {
    let refused = 0;
    for (let bit = 0; bit < 8 * zip.length; bit += 5) {
      const damaged = zip.slice();
      damaged[bit >> 3] ^= 1 << (bit & 7);
      if (!(await loads(damaged))) refused++;
    }
    expect(refused).toBeGreaterThan(500);
  });
});

import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/runtime/errors";
import { readPickle } from "../../src/datasets/pickle";
import { PickledArray, type PickleValue } from "../../src/datasets/pickle-values";
import { fromBase64, pickleLikePython2, pickledByPython3, pickledNumbers } from "./npz-fixture";

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const read = (text: string) => readPickle(latin1(text), "test");

function items(value: PickleValue): PickledArray["items"] {
  if (value instanceof PickledArray) return value.items;
  throw new Error("not an array");
}

describe("reads", () => {
  test.each([2, 3, 4] as const)("an object array of lists, protocol %i of Python 3", (protocol) => {
    const value = readPickle(fromBase64(pickledByPython3[protocol]), "test");
    expect(items(value)).toEqual([[5, 300, 70000], [], [1, 2147483653]]);
  });

  test("an object array of lists, protocol 2 of Python 2", () => {
    const rows = [[1, 70000, -5], [], [2]];
    expect(items(readPickle(pickleLikePython2(rows), "test"))).toEqual(rows);
  });

  test.each([2, 4] as const)("rows that are arrays themselves, protocol %i", (protocol) => {
    const [row] = items(readPickle(fromBase64(pickledNumbers[protocol]), "test"));
    expect([...items(row)]).toEqual([3, 1, 2]);
  });

  test.each<[string, PickleValue]>([
    [
      "\x80\x02](K\x07M\x2c\x01J\xff\xff\xff\xff\x8a\x02\x00\x80\x8b\x01\0\0\0\x05\x8a\0e.",
      [7, 300, -1, -32768, 5, 0],
    ],
    ["\x80\x02]K\x01aK\x02a.", [1, 2]],
    ["\x80\x02(K\x01K\x02l.", [1, 2]],
    ["\x80\x02]q\x05(K\x01h\x05K\x0210h\x05(K\x03e.", [3]],
    ["\x80\x03]r\x01\0\0\0(j\x01\0\0\0N1K\x03a.", [3]],
    ["\x80\x04\x95\x04\0\0\0\0\0\0\0]\x94h\0(\x88\x89Ne0.", [true, false, null]],
  ])("%j", (pickle, expected) => {
    expect(read(pickle)).toEqual(expected);
  });

  test("lists nested a hundred thousand deep, without recursion", () => {
    expect(Array.isArray(read(`\x80\x02${"]".repeat(100_000)}${"a".repeat(99_999)}.`))).toBe(true);
  });

  test("a list that holds itself", () => {
    const value = read("\x80\x02]q\0h\0a.") as PickleValue[];
    expect(value[0]).toBe(value);
  });
});

describe("refuses, by name", () => {
  test.each([
    ["\x80\x02cos\nsystem\n(U\x02lstR.", "os.system"],
    ["\x80\x02c__builtin__\neval\n(U\x011tR.", "__builtin__.eval"],
    ["\x80\x04\x8c\x08builtins\x8c\x04exec\x93.", "builtins.exec"],
    ["\x80\x02cnumpy\nload\n.", "numpy.load"],
    ["\x80\x02cnumpy.core.multiarray\nscalar\n.", "numpy.core.multiarray.scalar"],
  ])("%j", (pickle, name) => {
    expect(() => read(pickle)).toThrow(FormatError);
    expect(() => read(pickle)).toThrow(name);
  });
});

describe("refuses", () => {
  test.each([
    ["nothing", ""],
    ["another protocol", "\x80\x05]."],
    ["text", "hello"],
    ["protocol 0", "(lp0\nI1\na."],
    ["an unknown operation", "\x80\x02}."],
    ["an operation that makes an object of a class", "\x80\x02(cnumpy\nndarray\no."],
    ["an empty stack", "\x80\x02a."],
    ["values below a mark", "\x80\x02](a."],
    ["an open mark at the end", "\x80\x02](."],
    ["two values at the end", "\x80\x02]]."],
    ["a mark that was never set", "\x80\x02]e."],
    ["a value that was never kept", "\x80\x02h\x05."],
    ["appending to a number", "\x80\x02K\x01K\x02a."],
    ["a number beyond 2^53", "\x80\x02\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f."],
    ["a number of 200 bytes", `\x80\x02\x8a\xc8${"\x01".repeat(200)}.`],
    ["text longer than the file", "\x80\x02X\xff\xff\xff\xff."],
    ["bytes of absurd length", "\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff."],
    ["a call of the array class", "\x80\x02cnumpy\nndarray\nK\x01\x85R."],
    ["a type as encode's argument", "\x80\x02c_codecs\nencode\n]\x85R."],
    ["another encoding", "\x80\x02c_codecs\nencode\nX\x01\0\0\0bX\x05\0\0\0rot13\x86R."],
    ["a state for a list", "\x80\x02]K\x01\x85b."],
    ["a global without an end", `\x80\x02c${"a".repeat(5000)}`],
  ])("%s", (_, pickle) => {
    expect(() => read(pickle)).toThrow(FormatError);
  });

  test("more lists than a data set has", () => {
    expect(() => read(`\x80\x02(${"]".repeat(2 ** 20 + 1)}l.`)).toThrow("objects");
  });
});

describe("damage gives a FormatError or a value, nothing else", () => {
  const samples = [
    pickleLikePython2([[1, 2], [70000]]),
    ...Object.values(pickledByPython3).map(fromBase64),
    ...Object.values(pickledNumbers).map(fromBase64),
  ];

  /** Whether the bytes could be read; any other error than FormatError fails the test. */
  function readable(bytes: Uint8Array): boolean {
    try {
      readPickle(bytes, "test");
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
      return false;
    }
  }

  test("cut off anywhere: always an error", () => {
    for (const sample of samples) {
      for (let length = 0; length < sample.length; length++) {
        expect(readable(sample.subarray(0, length))).toBe(false);
      }
    }
  });

  test("each bit turned over", () => {
    let refused = 0;
    for (const sample of samples) {
      for (let bit = 0; bit < 8 * sample.length; bit++) {
        const damaged = sample.slice();
        damaged[bit >> 3] ^= 1 << (bit & 7);
        if (!readable(damaged)) refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

import { describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors";
import type { NamedTensor } from "../../src/io/safetensors";
import { FormatError, InvalidInputError } from "../../src/runtime/errors";
import { assertThrows } from "../support/assert";
import { hasShared, listShared, readShared } from "../support/shared-files";

/** A file of any header text, true or not, and any bytes behind it. */
function fileOf(header: unknown, tensorBytes = 0, headerLength?: bigint): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const file = new Uint8Array(8 + json.length + tensorBytes);
  new DataView(file.buffer).setBigUint64(0, headerLength ?? BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4]): object => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});

describe("safetensors: write and read", () => {
  const tensors: NamedTensor[] = [
    { name: "bytes", shape: [3], data: Uint8Array.of(1, 2, 255) },
    { name: "a/kernel", shape: [2, 3], data: Float32Array.of(1, -2, 3.5, NaN, Infinity, -0) },
    { name: "scalar", shape: [], data: Int32Array.of(-7) },
    { name: "double", shape: [1], data: Float64Array.of(Math.PI) },
    { name: "empty", shape: [0, 4], data: new Float32Array(0) },
    { name: "big", shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) },
    { name: "Ü 🙂", shape: [1], data: Int16Array.of(-300) },
  ];

  test("values, shapes, types, names and metadata come back to the bit", () => {
    const read = readSafetensors(writeSafetensors(tensors, { made: "ä", __proto__x: "y" }));
    expect(read.metadata).toEqual({ made: "ä", __proto__x: "y" });
    expect(read.tensors.size).toBe(tensors.length);
    for (const { name, shape, data } of tensors) {
      const tensor = read.tensors.get(name);
      expect(tensor?.shape).toEqual(shape);
      expect(tensor?.data).toEqual(data);
    }
  });

  test("the layout: length, padded JSON, tensors aligned to their element size without gaps", () => {
    const file = writeSafetensors(tensors);
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<
      string,
      { data_offsets: [number, number] }
    >;
    expect(Object.keys(header)).not.toContain("__metadata__");
    let end = 0;
    for (const { name, data } of tensors.toSorted(
      (a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT,
    )) {
      expect(header[name].data_offsets).toEqual([end, end + data.byteLength]);
      expect(end % data.BYTES_PER_ELEMENT).toBe(0);
      end += data.byteLength;
    }
    expect(file.length).toBe(8 + length + end);
  });

  test("a view into a larger buffer is written as the view, and read from one", () => {
    const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    const file = writeSafetensors([{ name: "w", shape: [2], data }]);
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    expect(readSafetensors(shifted.subarray(3)).tensors.get("w")?.data).toEqual(Float32Array.of(1, 2));
  });

  test("half precision is widened", () => {
    const halves = { dtype: "F16", shape: [6], data_offsets: [0, 12] };
    const brain = { dtype: "BF16", shape: [2], data_offsets: [12, 16] };
    const file = fileOf({ halves, brain }, 16);
    const words = [0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00, 0x3555, 0x3f80, 0xc049];
    words.forEach((word, index) => {
      new DataView(file.buffer).setUint16(file.length - 16 + 2 * index, word, true);
    });
    const { tensors: read } = readSafetensors(file);
    const expected = Float32Array.of(1, -2, 2 ** -24, 65504, -Infinity, 0.333251953125);
    expect(read.get("halves")?.data).toEqual(expected);
    expect(read.get("brain")?.data).toEqual(Float32Array.of(1, -3.140625));
  });

  test("a tensor named __proto__ is a tensor", () => {
    const { tensors: read } = readSafetensors(fileOf(`{"__proto__":${JSON.stringify(entry(0, 4))}}`, 4));
    expect([...read.keys()]).toEqual(["__proto__"]);
    const written = writeSafetensors([{ name: "__proto__", shape: [1], data: Float32Array.of(5) }]);
    expect(readSafetensors(written).tensors.get("__proto__")?.data).toEqual(Float32Array.of(5));
  });

  test("writing refuses equal names, a reserved name and a wrong shape", async () => {
    const one = (name: string, shape: number[]): NamedTensor => ({ name, shape, data: Float32Array.of(1) });
    const write = (list: NamedTensor[]) => () => writeSafetensors(list);
    await assertThrows(write([one("w", [1]), one("w", [1])]), InvalidInputError, /"w" twice/);
    await assertThrows(write([one("__metadata__", [1])]), InvalidInputError, /reserved/);
    await assertThrows(write([one("w", [2])]), InvalidInputError, /2 values for "w" of shape \[2\], got 1/);
  });
});

describe("safetensors: what is no such file", () => {
  const cases: Record<string, [Uint8Array, RegExp]> = {
    nothing: [new Uint8Array(0), /at least 8 bytes.*got 0 bytes/],
    "seven bytes": [new Uint8Array(7), /got 7 bytes/],
    "a header longer than the file": [fileOf({}, 0, 3n), /a header of 2 to 2 bytes.*got 3 bytes/],
    "a header of 2⁶⁴ - 1 bytes": [fileOf({}, 0, 2n ** 64n - 1n), /got 18446744073709551615 bytes/],
    "a header of no bytes": [fileOf("", 8), /a header of 2/],
    "no JSON": [fileOf("{]"), /a header of JSON in UTF-8/],
    "no UTF-8": [Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff), /JSON in UTF-8/],
    "an array as header": [fileOf([]), /a JSON object as header, got an array/],
    "null as header": [fileOf("null"), /a JSON object as header/],
    "metadata that are no strings": [
      fileOf({ __metadata__: { a: 1 } }),
      /a string as metadata "a", got number/,
    ],
    "metadata that are no object": [fileOf({ __metadata__: ["a"] }), /an object of strings/],
    "an entry that is no object": [fileOf({ w: 3 }), /dtype, shape and data_offsets for tensor "w"/],
    "an unknown type": [
      fileOf({ w: { dtype: "F8", shape: [1], data_offsets: [0, 1] } }, 1),
      /one of F64, .*as dtype of "w", got "F8"/,
    ],
    "a type from the prototype": [
      fileOf({ w: { dtype: "toString", shape: [1], data_offsets: [0, 1] } }, 1),
      /got "toString"/,
    ],
    "no shape": [fileOf({ w: { dtype: "F32", data_offsets: [0, 4] } }, 4), /shape of "w", got nothing/],
    "a negative size": [fileOf({ w: entry(0, 4, [-1]) }, 4), /whole numbers as shape of "w", got \[-1\]/],
    "a broken size": [fileOf({ w: entry(0, 4, [0.5, 2]) }, 4), /whole numbers as shape/],
    "three offsets": [
      fileOf({ w: { dtype: "F32", shape: [1], data_offsets: [0, 4, 8] } }, 8),
      /two whole numbers as data_offsets/,
    ],
    "offsets that do not fit the shape": [
      fileOf({ w: entry(0, 8, [1]) }, 8),
      /4 bytes for "w" \(F32 \[1\]\)/,
    ],
    "offsets the wrong way round": [fileOf({ w: entry(4, 0, [1]) }, 4), /data_offsets \[4, 0\]/],
    "a shape whose product is beyond counting": [
      fileOf({ w: entry(0, 4, [2 ** 40, 2 ** 40]) }, 4),
      /data_offsets \[0, 4\]/,
    ],
    "a range beyond the file": [fileOf({ w: entry(0, 8) }, 4), /8 bytes of tensors behind the header, got 4/],
    "bytes that belong to no tensor": [fileOf({ w: entry(0, 4) }, 8), /4 bytes of tensors.*got 8/],
    "a gap": [fileOf({ v: entry(0, 4), w: entry(8, 12) }, 12), /"w" at byte 4, got 8, which leaves a gap/],
    "an overlap": [fileOf({ v: entry(0, 8), w: entry(4, 12) }, 12), /"w" at byte 8, got 4, which overlaps/],
    "a tensor twice": [
      fileOf(`{"w":${JSON.stringify(entry(0, 4))},"\\u0077":${JSON.stringify(entry(0, 4))}}`, 4),
      /every key once, got "w" twice/,
    ],
    "a metadata key twice": [fileOf('{"__metadata__":{"a":"1","b\\"":"{","a":"2"}}'), /"a" twice/],
  };
  for (const [name, [file, message]] of Object.entries(cases)) {
    test(name, async () => {
      await assertThrows(() => readSafetensors(file), FormatError, message);
    });
  }

  test("equal keys in different objects, and strings that look like keys, are fine", () => {
    const metadata = { shape: '{"a":1,"a":2}', dtype: "\\" };
    const written = writeSafetensors(
      [
        { name: "a", shape: [1], data: Float32Array.of(1) },
        { name: 'quote " and : colon', shape: [1], data: Float32Array.of(2) },
      ],
      metadata,
    );
    expect(readSafetensors(written).metadata).toEqual(metadata);
  });

  test("every file that is cut off anywhere is refused by name", async () => {
    const whole = writeSafetensors([{ name: "w", shape: [3], data: Float32Array.of(1, 2, 3) }], { a: "b" });
    for (let length = 0; length < whole.length; length++) {
      await assertThrows(
        () => readSafetensors(whole.subarray(0, length)),
        FormatError,
        /^readSafetensors: expected/,
      );
    }
  });
});

describe.skipIf(!hasShared("keras-goldens"))("safetensors of others (../shared)", () => {
  const files = ["keras-goldens", "reference"].flatMap((folder) =>
    listShared(folder, ".safetensors").map((file) => `${folder}/${file}`),
  );

  test("are read, and written again with the same tensors", () => {
    expect(files.length).toBeGreaterThan(60);
    // The IMDB run is large and brings nothing new.
    for (const file of files.filter((name) => !name.includes("imdb"))) {
      const read = readSafetensors(readShared(file));
      const again = readSafetensors(writeSafetensors([...read.tensors.values()], read.metadata));
      expect(again.metadata).toEqual(read.metadata);
      for (const [name, tensor] of read.tensors) expect(again.tensors.get(name)).toEqual(tensor);
    }
  });
});

import { zipSync } from "fflate";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { imdb } from "../../src/datasets/index";
import { readNumbers, readObjects } from "../../src/datasets/npy";
import { readPickle } from "../../src/datasets/pickle";
import { crc32 } from "../../src/files/crc32";
import { readZip } from "../../src/files/zip";
import { fromMetadata } from "../../src/node/preprocessing";
import {
  fromBase64,
  labels,
  npy,
  objects,
  pickleLikePython2,
  pickledByPython3,
  pickledNumbers,
  rawTrain,
  smallNpz,
} from "../datasets/npz-fixture";
import { edited, harmed, harms } from "./edits";
import { fuzz } from "./fuzz";
import { anyJson, grafted, grafts } from "./json";
import { callables, callingPickles, pickles } from "./pickles";

const utf8 = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const use = { where: "fuzz", remedy: "fetch it again", other: "pass another", limit: 2 ** 24 };

const somePickles = [
  ...Object.values(pickledByPython3).map(fromBase64),
  ...Object.values(pickledNumbers).map(fromBase64),
  pickleLikePython2(rawTrain.x),
];

/** The files of data sets: npz, npy, pickle, zip, the word index, a model file's preprocessing. */
export function describeDataFiles(runs: number): void {
  describe(`${runs} damaged or made-up files of each kind of data`, () => {
    /** Harms the files and has them read. */
    const read = (name: string, files: readonly Uint8Array[], parse: (bytes: Uint8Array) => unknown) =>
      fuzz(name, runs, harms(files.length), (harm) => parse(harmed(files, harm)));
    const load = (data: Uint8Array) => imdb.loadData({ data });
    const unpickle = (bytes: Uint8Array) => readPickle(bytes, "fuzz");

    test("npz", async () => {
      const { refused } = await read("npz", [smallNpz(), smallNpz({}, 0)], load);
      expect(refused).toBeGreaterThan(runs / 2);
    });

    test("npz whose zip is sound, and whose arrays are harmed", async () => {
      const [x, y] = [objects(rawTrain.x), labels(rawTrain.y)];
      await fuzz("npz, its arrays", runs, harms(2), ({ file, list }) => {
        const name = file === 0 ? "x_train.npy" : "y_train.npy";
        return load(smallNpz({ [name]: edited(file === 0 ? x : y, list) }));
      });
    });

    test("npy", async () => {
      const numbers = [labels(rawTrain.y), npy(">u2", 2, Uint8Array.of(1, 0, 0, 2))];
      await read("npy of numbers", numbers, (bytes) => readNumbers(bytes, "fuzz"));
      await read("npy of objects", [objects(rawTrain.x)], (bytes) => readObjects(bytes, "fuzz"));
    });

    test("pickle", async () => {
      await read("pickle", somePickles, unpickle);
      const { refused } = await fuzz("pickle, made up", runs, pickles, unpickle);
      expect(refused).toBeGreaterThan(0);
    });

    test("pickles that call are refused, and nothing is called", async () => {
      const calling = callables.chain((name) => fc.constantFrom(...callingPickles(name)));
      expect((await fuzz("pickle that calls", runs, calling, unpickle)).read).toBe(0);
    });

    test("zip: what is read is what was written", async () => {
      const entries = {
        "a.txt": utf8("a".repeat(500)),
        "b/c.bin": Uint8Array.from({ length: 300 }, (_, i) => i),
      };
      const sums = Object.values(entries).map((bytes) => crc32(bytes));
      const { refused } = await read("zip", [zipSync(entries), zipSync(entries, { level: 0 })], (bytes) => {
        const found = readZip(bytes, Object.keys(entries), use);
        expect(found.map((entry) => crc32(entry))).toEqual(sums);
      });
      expect(refused).toBeGreaterThan(runs / 2);
    });

    test("word index", async () => {
      const wordIndex = async (data: Uint8Array): Promise<void> => {
        const words = await imdb.wordIndex({ data });
        expect([...words.values()].every((rank) => rank > 0)).toBe(true);
      };
      await read("word index", [utf8({ the: 1, and: 2, "o'clock": 30, naïve: 4 })], wordIndex);
      await fuzz("word index, any JSON", runs, anyJson, wordIndex);
    });

    test("preprocessing in a model file", async () => {
      const metadata = {
        dataset: "imdb",
        num_words: "5",
        maxlen: "9",
        index_from: "3",
        vocabulary: '["a","b"]',
      };
      await fuzz("preprocessing", runs, grafts, (list) => {
        const changed = grafted(metadata, list) as Record<string, string> | null;
        return fromMetadata(onlyStrings(changed));
      });
    });
  });
}

/** The reader of model files lets only strings through. */
function onlyStrings(value: unknown): Record<string, string> {
  const entries = Object.entries(value ?? {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

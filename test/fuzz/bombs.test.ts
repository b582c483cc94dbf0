import { zipSync } from "fflate";
import h5wasm from "h5wasm";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { imdb } from "../../src/datasets/index";
import { readZip } from "../../src/files/zip";
import { loadModel, saveModel } from "../../src/io/index";
import type { ModelFiles } from "../../src/io/index";
import { openHdf5 } from "../../src/io/hdf5/reader";
import { readSafetensors } from "../../src/io/safetensors";
import { besideUrl, checkPath } from "../../src/io/tfjs/files";
import { FormatError } from "../../src/runtime/errors";
import { halfTrained } from "../io/damage";
import { assertThrows } from "../support/assert";
import { computed } from "./fuzz";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A refusal, and one that costs less than a second. */
async function refusedSoon(action: () => unknown, message: RegExp): Promise<void> {
  const begin = process.cpuUsage();
  await assertThrows(action, FormatError, message);
  expect(computed(begin)).toBeLessThan(1000);
}

describe("zip", () => {
  test("that lies about its size", async () => {
    const zip = zipSync({ "config.json": new Uint8Array(20_000_000) });
    const at = new TextDecoder("latin1").decode(zip).lastIndexOf("config.json") - 46;
    new DataView(zip.buffer).setUint32(at + 24, 100, true);
    const use = { where: "test", remedy: "fetch it again", other: "pass another", limit: 2 ** 20 };
    await refusedSoon(() => readZip(zip, ["config.json"], use), /100 bytes of "config.json", got more/);
  });

  test.each(["/etc/passwd", "../x.npy", "a/../../x.npy", "..", "a\\..\\x.npy", "C:/x.npy", "x\0.npy"])(
    "with the path %j",
    async (path) => {
      await refusedSoon(
        () => imdb.loadData({ data: zipSync({ [path]: text("x") }) }),
        /plain file names in the zip/,
      );
    },
  );
});

describe("JSON", () => {
  const deep = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

  test.each([
    ["a configuration", `{"modelTopology":{"class_name":"Sequential","config":${deep(100_000)}}}`],
    ["a class", `{"modelTopology":{"class_name":${deep(100_000)},"config":[]}}`],
    ["a topology", `{"modelTopology":${deep(100_000)}}`],
  ])("nested a hundred thousand deep, as %s", async (_, json) => {
    await refusedSoon(() => loadModel({ "model.json": text(json) }), /^loadModel: expected/);
  });

  test.each(["dtype", "shape", "data_offsets"])("nested deep as %s of a tensor", async (key) => {
    const entry = { dtype: '"F32"', shape: "[1]", data_offsets: "[0,4]", [key]: deep(100_000) };
    const fields = Object.entries(entry).map(([name, value]) => `"${name}":${value}`);
    const header = text(`{"a":{${fields.join(",")}}}`);
    const file = new Uint8Array(12 + header.length);
    new DataView(file.buffer).setUint32(0, header.length, true);
    file.set(header, 8);
    await refusedSoon(() => readSafetensors(file), /^readSafetensors: expected/);
  });

  test("of more bytes than a configuration has", async () => {
    const many = text(`{"modelTopology":[${"[],".repeat(6_000_000)}[]]}`);
    await refusedSoon(() => loadModel({ "model.json": many }), /at most \d+ bytes of model.json/);
    await refusedSoon(() => imdb.wordIndex({ data: new Uint8Array(40_000_000) }), /at most \d+ bytes/);
  });
});

describe("HDF5", () => {
  const read = async (bytes: Uint8Array) => (await openHdf5(bytes)).read("x");
  const endless = /one that repeats itself without end/;

  test("a chunk that unfolds to more than it says", async () => {
    expect((await read(await noise())).data[2]).toBeCloseTo(Math.sin(4));
    const bytes = await foldedZeros();
    await refusedSoon(() => read(bytes), endless);
  });

  test("a tree whose branches are all one and the same", async () => {
    const once = await knottedTree(6, 1);
    expect((await read(once)).data[2]).toBeCloseTo(Math.sin(4));
    const bytes = await knottedTree(6, 400);
    await refusedSoon(() => read(bytes), endless);
  });
});

describe("TF.js", () => {
  const files = async (change: (json: Manifest) => void): Promise<ModelFiles> => {
    const saved = await saveModel(halfTrained("plain"), "tfjs");
    const json = JSON.parse(new TextDecoder().decode(saved["model.json"])) as Manifest;
    change(json);
    return { ...saved, "model.json": text(JSON.stringify(json)) };
  };

  test("one shard half a million times", async () => {
    const source = await files(({ weightsManifest: [group] }) => {
      group.paths = Array.from({ length: 500_000 }, () => group.paths[0]);
      group.weights[0].shape = [1e12];
    });
    await refusedSoon(() => loadModel(source), /each shard once/);
  });

  test("a weight of more bytes than there are", async () => {
    const source = await files(({ weightsManifest: [group] }) => (group.weights[0].shape = [2 ** 40]));
    await refusedSoon(() => loadModel(source), /bytes in group1-shard1of1.bin/);
  });

  const paths = [
    "../x",
    "a/../../x",
    "%2e%2e/x",
    ".%2E/x",
    "\t../x",
    "/x",
    "//host/x",
    "http://host/x",
    "a\\x",
    "",
  ];
  test.each(paths)("a shard at %j is not read", async (path) => {
    const read: string[] = [];
    const beside = besideUrl(new URL("https://host/models/mine/model.json"), (url) => {
      read.push(url.href);
      return Promise.resolve(new Uint8Array());
    });
    await refusedSoon(async () => beside.read(checkPath(path)), /paths of shards beside model.json/);
    expect(read).toEqual([]);
  });
});

interface Manifest {
  weightsManifest: { paths: string[]; weights: { shape: number[] }[] }[];
}

/** A file with a single dataset `x` of noise, which does not fold: its chunk is about as long as it is. */
async function noise(): Promise<Uint8Array<ArrayBuffer>> {
  const { FS } = await h5wasm.ready;
  const file = new h5wasm.File("/noise.h5", "w");
  const data = Float32Array.from({ length: 60_000 }, (_, i) => Math.sin(i * i));
  file.create_dataset({ name: "x", data, shape: [60_000], chunks: [60_000], compression: 1 });
  file.close();
  const bytes = FS.readFile("/noise.h5");
  FS.unlink("/noise.h5");
  return bytes.slice();
}

const nodeHeader = 24;
/** Of a tree of chunks along one axis: bytes, filters, two offsets, then the address. */
const [keyBytes, entryBytes] = [24, 32];

/** Where the node of the tree of chunks begins. */
function treeOf(bytes: Uint8Array): number {
  return new TextDecoder("latin1").decode(bytes).indexOf("TREE\x01");
}

/** The noise, with a hundred million folded zeros in the place of its chunk. */
async function foldedZeros(): Promise<Uint8Array> {
  const bytes = await noise();
  const view = new DataView(bytes.buffer);
  const key = treeOf(bytes) + nodeHeader;
  const zeros = deflateSync(Buffer.alloc(100_000_000));
  expect(zeros.length).toBeLessThan(view.getUint32(key, true));
  bytes.set(zeros, Number(view.getBigUint64(key + keyBytes, true)));
  return bytes;
}

/** The noise, found at the end of a tree whose every branch leads to the same next one. */
async function knottedTree(depth: number, branches: number): Promise<Uint8Array> {
  const bytes = await noise();
  const root = treeOf(bytes);
  const entry = bytes.subarray(root + nodeHeader, root + nodeHeader + entryBytes);
  const size = nodeHeader + branches * entryBytes + keyBytes;
  const knotted = new Uint8Array(bytes.length + depth * size);
  knotted.set(bytes);
  const view = new DataView(knotted.buffer);
  /** Makes a node of entries that all lead to one address; those of a leaf lead to the chunk. */
  const makeNode = (at: number, level: number, entries: number, address?: number): void => {
    knotted.set(bytes.subarray(root, root + nodeHeader), at);
    view.setUint8(at + 5, level);
    view.setUint16(at + 6, entries, true);
    for (let i = 0; i < entries; i++) {
      const place = at + nodeHeader + i * entryBytes;
      knotted.set(entry, place);
      if (address !== undefined) view.setBigUint64(place + keyBytes, BigInt(address), true);
    }
  };
  for (let level = 0; level < depth; level++) {
    const at = bytes.length + level * size;
    makeNode(at, level, level === 0 ? 1 : branches, level === 0 ? undefined : at - size);
  }
  makeNode(root, depth, 1, bytes.length + (depth - 1) * size);
  return knotted;
}

import { describe, expect, test } from "vitest";
import {
  checkpointStore,
  decodeCheckpoint,
  encodeCheckpoint,
  loadModel,
  readSafetensors,
  saveModel,
  writeSafetensors,
  type ByteStore,
} from "../../src/io/index";
import { FormatError, InvalidInputError } from "../../src/runtime/errors";
import { assertEqual } from "../support/assert";
import { damaged } from "./damage";
import { samples, untrained } from "./models";
import { madeUpSnapshot } from "./snapshots";

function memory(): ByteStore & { bytes?: Uint8Array } {
  return {
    async save(bytes) {
      this.bytes = bytes;
      return Promise.resolve();
    },
    load() {
      return Promise.resolve(this.bytes);
    },
    async clear() {
      this.bytes = undefined;
      return Promise.resolve();
    },
  };
}

describe("a checkpoint's file", () => {
  for (const name of Object.keys(samples)) {
    test(`${name}: gives back the bits of the snapshot, and the strings`, async () => {
      const snapshot = await madeUpSnapshot(name);
      const { snapshot: read, metadata } = decodeCheckpoint(encodeCheckpoint(snapshot, { note: "…" }));
      assertEqual(read, snapshot, "the snapshot");
      expect(Object.is((read.callbacks[0] as { bestEpoch: number }).bestEpoch, -0)).toBe(true);
      expect(metadata).toEqual({ note: "…" });
    });
  }

  test("is a model that loadModel opens, with its optimizer's state", async () => {
    const snapshot = await madeUpSnapshot();
    const model = await loadModel(encodeCheckpoint(snapshot));
    expect(await model.getWeights()).toEqual(snapshot.weights);
    expect(await model.getOptimizerState()).toEqual(snapshot.optimizer);
  });

  test("is a safetensors file", async () => {
    const { tensors, metadata } = readSafetensors(encodeCheckpoint(await madeUpSnapshot()));
    expect([...tensors.keys()]).toContain("optimizer/velocity/words/embeddings");
    expect(JSON.parse(metadata.position)).toMatchObject({ position: { epoch: 1, step: 3 } });
  });

  test("500 damaged files: an error always", async () => {
    const bytes = encodeCheckpoint(await madeUpSnapshot());
    let tried = 0;
    for (let seed = 1; tried < 500; seed++) {
      const file = damaged(bytes, seed);
      // Some harm does nothing.
      if (Buffer.compare(file, bytes) === 0) continue;
      tried++;
      expect(() => decodeCheckpoint(file), `seed ${seed}`).toThrow(FormatError);
    }
  });

  test("cut off anywhere: an error always", async () => {
    const bytes = encodeCheckpoint(await madeUpSnapshot("plain"));
    for (let end = 0; end < bytes.length; end += 97) {
      expect(() => decodeCheckpoint(bytes.subarray(0, end)), `${end} bytes`).toThrow(FormatError);
    }
  });

  test("a model without a position is refused as a checkpoint", async () => {
    const bytes = await saveModel(untrained("plain"));
    expect(() => decodeCheckpoint(bytes)).toThrow(
      /expected a checkpoint, got a model without a training's position; pass a file that fit wrote/,
    );
  });

  test.each([
    ["an epoch below 0", { position: { epoch: -1 } }],
    ["sums that are no numbers", { position: { sums: { loss: "0" } } }],
    ["a history that is no list", { history: { history: { loss: 1 } } }],
    ["callbacks that are no list", { callbacks: {} }],
  ])("%s, with a right checksum: an error", async (_, change) => {
    const snapshot = (await madeUpSnapshot("plain")) as unknown as Record<string, object>;
    const changed = Object.entries(change).map(([key, value]) => [
      key,
      Array.isArray(snapshot[key]) ? value : { ...snapshot[key], ...value },
    ]);
    const bytes = encodeCheckpoint({ ...snapshot, ...Object.fromEntries(changed) } as never);
    expect(() => decodeCheckpoint(bytes)).toThrow(/expected a training's position, got/);
  });

  test("reserved names and other values than strings are refused before anything is trained", () => {
    expect(() => checkpointStore(memory(), { metadata: { position: "x" } })).toThrow(InvalidInputError);
    expect(() => checkpointStore(memory(), { metadata: { n: 1 as unknown as string } })).toThrow(/a string/);
  });
});

test("a store in a place for bytes", async () => {
  const store = checkpointStore(memory(), { metadata: { run: "7" } });
  expect(await store.load()).toBeUndefined();
  const snapshot = await madeUpSnapshot();
  await store.save(snapshot);
  assertEqual(await store.load(), snapshot, "the snapshot");
  await store.clear();
  expect(await store.load()).toBeUndefined();
});

test("a weight's own tensors never pass for the position's", () => {
  const bytes = writeSafetensors([{ name: "__position__/0", shape: [1], data: Float32Array.of(1) }]);
  expect(() => decodeCheckpoint(bytes)).toThrow(FormatError);
});

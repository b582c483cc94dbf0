import { zipSync } from "fflate";
import h5wasm from "h5wasm";
import { describe, expect, test } from "vitest";
import { loadModel, loadWeights, saveModel } from "../../src/io/index";
import type { ModelFiles, ModelSource } from "../../src/io/index";
import { FormatError } from "../../src/runtime/errors";
import { computed } from "../fuzz/fuzz";
import { assertThrows } from "../support/assert";
import { untrained } from "./models";

/** Milliseconds of computing. */
const longest = 1000;

describe("a file that would not fit into memory is refused before it is read", () => {
  test("a zip bomb", async () => {
    const zip = zipSync({
      "metadata.json": new TextEncoder().encode("{}"),
      "config.json": new TextEncoder().encode("{}"),
      "model.weights.h5": new Uint8Array(50_000_000),
    });
    const begin = process.cpuUsage();
    await assertThrows(
      () => loadModel(zip),
      FormatError,
      /at most \d+ bytes as "model.weights.h5", got 50000000/,
    );
    expect(computed(begin)).toBeLessThan(longest);
  });

  test("a zip that lies about its sizes", async () => {
    const zip = zipSync({
      "metadata.json": new Uint8Array(100_000),
      "config.json": [],
      "model.weights.h5": [],
    } as never);
    const at = new TextDecoder("latin1").decode(zip).lastIndexOf("metadata.json") - 46;
    new DataView(zip.buffer).setUint32(at + 24, 10, true);
    await assertThrows(
      () => loadModel(zip),
      FormatError,
      /10 bytes of "metadata.json", got more, once unfolded/,
    );
  });

  test("an HDF5 bomb: zeros folded into next to nothing", async () => {
    const { FS } = await h5wasm.ready;
    const file = new h5wasm.File("/bomb.h5", "w");
    const rows = 4_000_000;
    const layers = [{ class_name: "Embedding", config: { name: "e", input_dim: rows, output_dim: 5 } }];
    file.create_attribute(
      "model_config",
      JSON.stringify({ class_name: "Sequential", config: { layers } }),
      null,
      "S",
    );
    const weights = file.create_group("model_weights");
    weights.create_attribute("layer_names", ["e"], [1], "S");
    const group = weights.create_group("e");
    group.create_attribute("weight_names", ["embeddings"], [1], "S");
    const data = new Float32Array(5 * rows);
    group.create_dataset({
      name: "embeddings",
      data,
      shape: [rows, 5],
      chunks: [rows / 10, 5],
      compression: 9,
    });
    file.close();
    const bytes = FS.readFile("/bomb.h5");
    FS.unlink("/bomb.h5");
    expect(bytes.length).toBeLessThan(200_000);
    await assertThrows(() => loadModel(bytes), FormatError, /more bytes of values .*, got 80000000 bytes/);
  });
});

describe("a model in memory is unchanged by a file that fails", () => {
  test("weights of other shapes, names and numbers, and not finite ones", async () => {
    const model = untrained("plain");
    const before = await model.getWeights();
    const other = await saveModel(untrained("stacked"), "h5");
    await assertThrows(() => loadWeights(model, other), FormatError, /weights of 3 layers.*got 5/);
    const named = await saveModel(untrained("masked"), "keras");
    await assertThrows(() => loadWeights(model, named), FormatError, /2 weights of layer "dense"/);
    const broken = await untrained("plain").getWeights();
    broken[2].data[3] = NaN;
    const config = untrained("plain").getConfig();
    const source = { getConfig: () => config, getWeights: () => Promise.resolve(broken) };
    for (const format of ["keras", "h5", "safetensors"] as const) {
      const bytes = await saveModel(source, format);
      await assertThrows(
        () => loadWeights(model, bytes),
        FormatError,
        /finite values for simple_rnn.*got NaN/,
      );
    }
    expect(await model.getWeights()).toEqual(before);
  });

  test("shards that are missing, cut off, too long, or elsewhere", async () => {
    const files: ModelFiles = await saveModel(untrained("plain"), "tfjs");
    const shard = "group1-shard1of1.bin";
    const bytes = files[shard] as Uint8Array;
    const json = new TextDecoder().decode(files["model.json"] as Uint8Array);
    const withJson = (changed: string): ModelFiles => ({
      ...files,
      "model.json": new TextEncoder().encode(changed),
    });
    const cases: [ModelSource, RegExp][] = [
      [files["model.json"], /got model.json alone; pass all its files by name/],
      [
        { "model.json": files["model.json"], "x.bin": bytes },
        /the shard "group1-shard1of1.bin" among the files/,
      ],
      [{ ...files, [shard]: bytes.subarray(1) }, /expected \d+ bytes in group1-.*a shard is cut off/],
      [{ ...files, [shard]: new Uint8Array(bytes.length + 4) }, /expected \d+ bytes in group1-/],
      [withJson(json.replace(shard, "../secret")), /paths of shards beside model.json, got "..\/secret"/],
      [withJson(json.replace(shard, "https://a.b/c")), /paths of shards beside model.json/],
      [withJson(json.replaceAll("float32", "string")), /float32, int32, .* as dtype of .*got "string"/],
      [withJson(json.replace('"shape":[13,5]', '"shape":[5,13]')), /of shape \[13, 5\], got \[5, 13\]/],
    ];
    for (const [source, message] of cases) await assertThrows(() => loadModel(source), FormatError, message);
  });
});

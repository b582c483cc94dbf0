import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readZip, writeZip } from "../../src/files/zip";
import { inspectModel, loadModel, loadWeights, saveModel } from "../../src/io/index";
import type { ModelSource } from "../../src/io/index";
import { writeHdf5 } from "../../src/io/hdf5/writer";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors";
import { sequentialFromConfig } from "../../src/model/sequential";
import { halfTrained } from "../io/damage";
import { layerModel, layerModels } from "../io/layer-models";
import { untrained } from "../io/models";
import { sealed } from "../io/sealed";
import { hasShared, listShared, readShared } from "../support/shared-files";
import { edited, edits, harmed, harms } from "./edits";
import { fuzz } from "./fuzz";
import { grafted, grafts } from "./json";

const quiet = { onNote: () => undefined };
const use = { where: "fuzz", remedy: "look at it", other: "take another", limit: 2 ** 24 };

/** A model that a file gave in spite of its harm must be whole. */
async function load(source: ModelSource): Promise<void> {
  const model = await loadModel(source, quiet);
  const weights = await model.getWeights();
  expect(weights.every(({ data }) => data.every(Number.isFinite))).toBe(true);
  expect(model.summary({ print: () => undefined })).toContain("Total params");
}

const parsed = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const utf8 = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const entryNames = ["metadata.json", "config.json", "model.weights.h5"];

function archive(metadata: unknown, json: unknown, weights: Uint8Array): Uint8Array {
  return writeZip({
    "metadata.json": utf8(metadata),
    "config.json": utf8(json),
    "model.weights.h5": weights,
  });
}

async function fuzzNative(runs: number): Promise<void> {
  const bytes = await saveModel(halfTrained("stacked"), "safetensors", { metadata: { note: "as it was" } });
  const harm = edits.filter((list) => Buffer.compare(edited(bytes, list), bytes) !== 0);
  // The checksum finds all of it.
  const outcome = await fuzz("safetensors", runs, harm, (list) => load(edited(bytes, list)));
  expect(outcome).toEqual({ refused: runs, read: 0 });
  await fuzz("safetensors without a checksum", runs, harm, (list) => readSafetensors(edited(bytes, list)));
  const { tensors, metadata } = readSafetensors(bytes);
  for (const key of ["architecture", "training"]) {
    const json: unknown = JSON.parse(metadata[key]);
    await fuzz(`safetensors, its ${key}, sealed anew`, runs, grafts, (list) => {
      const changed = { ...metadata, [key]: JSON.stringify(grafted(json, list)) };
      return load(sealed(writeSafetensors([...tensors.values()], changed)));
    });
  }
}

async function fuzzKeras(runs: number): Promise<void> {
  const bytes = await saveModel(halfTrained("stacked"), "keras");
  const weights = await untrained("stacked").getWeights();
  const { refused } = await fuzz(".keras", runs, edits, async (list) => {
    // What loads in spite of its harm is the model: the harm was in what nobody reads.
    const model = await loadModel(edited(bytes, list), quiet);
    expect(await model.getWeights()).toEqual(weights);
  });
  expect(refused).toBeGreaterThan(0.8 * runs);
  const [about, config, h5] = readZip(bytes, entryNames, use);
  await fuzz(".keras, its configuration", runs, grafts, (list) =>
    load(archive(parsed(about), grafted(parsed(config), list), h5)),
  );
  await fuzz(".keras, its metadata", runs, grafts, (list) =>
    load(archive(grafted(parsed(about), list), parsed(config), h5)),
  );
  await fuzz(".keras, its weights", runs, edits, (list) =>
    load(archive(parsed(about), parsed(config), edited(h5, list))),
  );
}

async function fuzzH5(runs: number): Promise<void> {
  const bytes = await saveModel(halfTrained("plain"), "h5");
  const { refused } = await fuzz(".h5", runs, edits, (list) => load(edited(bytes, list)));
  expect(refused).toBeGreaterThan(runs / 4);
  await fuzz(".h5, its configuration", runs, grafts, async (list) => {
    const json = JSON.stringify(grafted(kerasConfig, list)) ?? "";
    await load(await writeHdf5({ attributes: { model_config: json } }));
  });
}

/** As Keras 2 writes it. */
const kerasConfig = {
  class_name: "Sequential",
  config: {
    name: "s",
    layers: [
      {
        class_name: "Embedding",
        config: { name: "e", input_dim: 9, output_dim: 5, batch_input_shape: [null, 9] },
      },
      { class_name: "SimpleRNN", config: { name: "r", units: 7, activation: "tanh", use_bias: true } },
      { class_name: "Dense", config: { name: "d", units: 1, activation: "linear" } },
      { class_name: "Activation", config: { activation: "sigmoid" } },
    ],
  },
};

async function fuzzWeightsH5(runs: number): Promise<void> {
  const [bytes] = readZip(await saveModel(halfTrained("stacked"), "keras"), ["model.weights.h5"], use);
  const model = untrained("stacked");
  const before = await model.getWeights();
  await fuzz(".weights.h5", runs, edits, async (list) => {
    const target = sequentialFromConfig(model.getConfig());
    await target.setWeights(before);
    try {
      await loadWeights(target, edited(bytes, list), quiet);
    } catch (error) {
      expect(await target.getWeights()).toEqual(before);
      throw error;
    }
  });
}

async function fuzzTfjs(runs: number): Promise<void> {
  const files = await saveModel(halfTrained("plain"), "tfjs");
  const names = Object.keys(files);
  const bytes = names.map((name) => files[name] as Uint8Array);
  await fuzz("TF.js, model.json or a shard", runs, harms(names.length), (harm) =>
    load({ ...files, [names[harm.file]]: harmed(bytes, harm) }),
  );
  const json = parsed(files["model.json"]);
  await fuzz("TF.js, the structure of model.json", runs, grafts, (list) =>
    load({ ...files, "model.json": utf8(grafted(json, list)) }),
  );
}

async function fuzzConfigs(runs: number): Promise<void> {
  for (const name of ["plain", "stacked", "sequences", "masked"]) {
    const config = untrained(name).getConfig();
    await fuzz(`a configuration alone, ${name}`, runs, grafts, (list) =>
      loadModel(sealedConfig(grafted(config, list)), quiet),
    );
  }
}

/** Each layer and option that there is, in a sound file of another structure. */
async function fuzzLayers(runs: number): Promise<void> {
  const models = await Promise.all(Object.keys(layerModels).map(layerModel));
  const inputs = fc.record({ file: fc.nat({ max: models.length - 1 }), list: grafts });
  const archives = await Promise.all(models.map((model) => saveModel(model, "keras")));
  await fuzz("any layer in .keras, its configuration", runs, inputs, ({ file, list }) => {
    const [about, config, h5] = readZip(archives[file], entryNames, use);
    return load(archive(parsed(about), grafted(parsed(config), list), h5));
  });
  const natives = await Promise.all(models.map(async (model) => readSafetensors(await saveModel(model))));
  await fuzz("any layer in safetensors, its architecture", runs, inputs, ({ file, list }) => {
    const { tensors, metadata } = natives[file];
    const architecture = JSON.stringify(grafted(JSON.parse(metadata.architecture), list)) ?? "";
    return load(sealed(writeSafetensors([...tensors.values()], { ...metadata, architecture })));
  });
}

/** A file of this library that holds a configuration and no weight. */
function sealedConfig(config: unknown): Uint8Array {
  const architecture = JSON.stringify(config) ?? "";
  const metadata = { format: "webgpu-rnn", version: "1", architecture, checksum: "0".repeat(8) };
  return sealed(writeSafetensors([], metadata));
}

/** Model files of every format that is read: as this library writes them, and as Keras does. */
export function describeModelFiles(runs: number): void {
  describe(`${runs} damaged model files of each format`, () => {
    test("safetensors", () => fuzzNative(runs));
    test(".keras", () => fuzzKeras(runs));
    test(".h5", () => fuzzH5(runs));
    test(".weights.h5", () => fuzzWeightsH5(runs));
    test("TF.js", () => fuzzTfjs(runs));
    test("a configuration of this library", () => fuzzConfigs(runs));
    test("every layer", () => fuzzLayers(runs));

    for (const ending of [".h5", ".keras", ".weights.h5"]) {
      test.skipIf(!hasShared("keras-files"))(
        `${ending} of Keras itself (../shared/keras-files)`,
        async () => {
          const files = listShared("keras-files", ending)
            .filter((name) => ending === ".weights.h5" || !name.endsWith(".weights.h5"))
            .map((name) => readShared(`keras-files/${name}`));
          const inputs = harms(files.length);
          await fuzz(`${ending} of Keras`, runs, inputs, (harm) => inspectModel(harmed(files, harm)));
        },
      );
    }
  });
}

import { planArchitecture } from "../../model/architecture";
import type { Layer } from "../../model/layers";
import type { NamedWeight } from "../../model/weights";
import { layerToKeras } from "../keras/layers";
import { namedLayers } from "../keras/model-config";
import { trainingConfigToKeras } from "../keras/training";
import type { Snapshot } from "../stored-model";

/** TF.js's converter cuts shards at this size, for browsers' caches. */
const shardBytes = 4 * 2 ** 20;

/** A TF.js layers model: `model.json` and its shards, by name. */
export function writeTfjs(snapshot: Snapshot): Record<string, Uint8Array<ArrayBuffer>> {
  const { config, weights, compile, metadata } = snapshot;
  const architecture = planArchitecture(config.layers);
  const layers = namedLayers(architecture).map(({ layer, name }) => ({
    class_name: layer.className,
    config: asKeras2(layer, layerToKeras(layer, name)),
  }));
  const bytes = concatenated(weights);
  const count = Math.max(1, Math.ceil(bytes.length / shardBytes));
  const names = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  const manifest = weights.map(({ name, shape }) => ({ name: withoutCell(name), shape, dtype: "float32" }));
  const json = {
    format: "layers-model",
    generatedBy: "webgpu-rnn",
    convertedBy: null,
    modelTopology: {
      keras_version: "2.15.0",
      backend: "tensorflow",
      model_config: { class_name: "Sequential", config: { name: config.name ?? "sequential", layers } },
      ...(compile ? { training_config: trainingConfigToKeras(compile) } : {}),
    },
    userDefinedMetadata: metadata,
    weightsManifest: [{ paths: names, weights: manifest }],
  };
  const files: Record<string, Uint8Array<ArrayBuffer>> = {
    "model.json": new TextEncoder().encode(JSON.stringify(json)),
  };
  names.forEach((name, i) => (files[name] = bytes.slice(i * shardBytes, (i + 1) * shardBytes)));
  return files;
}

/** Keras 3's configuration in the words of Keras 2, which TF.js reads. */
function asKeras2(layer: Layer, config: Record<string, unknown>): Record<string, unknown> {
  const { batch_shape, ...rest } = config;
  const entries = Object.entries(rest).map(([key, value]) => [
    key,
    isInitializer(value) ? short(value) : value,
  ]);
  const plain = Object.fromEntries(entries) as Record<string, unknown>;
  return layer.className === "InputLayer" ? { ...plain, batch_input_shape: batch_shape } : plain;
}

function isInitializer(value: unknown): value is { class_name: string; config: object } {
  return typeof value === "object" && value !== null && "class_name" in value;
}

function short({ class_name, config }: { class_name: string; config: object }): object {
  return { class_name, config };
}

/** `simple_rnn/simple_rnn_cell/kernel` → `simple_rnn/kernel`: TF.js has no level for the cell. */
function withoutCell(name: string): string {
  return name.replace(/\/\w+_cell\//, "/");
}

function concatenated(weights: readonly NamedWeight[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(weights.reduce((sum, { data }) => sum + data.byteLength, 0));
  let at = 0;
  for (const { data } of weights) {
    all.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return all;
}

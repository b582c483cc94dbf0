import { planArchitecture } from "../../model/architecture";
import type { NamedWeight } from "../../model/weights";
import { layerToKeras } from "../keras/layers";
import type { NamedLayer } from "../keras/layers";
import { batchOf, namedLayers } from "../keras/model-config";
import { trainingConfigToKeras } from "../keras/training";
import type { Snapshot } from "../stored-model";
import { refuseUnknown } from "./refuse";
import { tfjsWords } from "./words";

/** TF.js's converter cuts shards at this size, for browsers' caches. */
const shardBytes = 4 * 2 ** 20;

/**
 * A TF.js layers model: `model.json` and its shards, by name.
 *
 * @throws InvalidInputError when TF.js has no such layer or activation
 */
export function writeTfjs(snapshot: Snapshot): Record<string, Uint8Array<ArrayBuffer>> {
  const { config, weights, compile, metadata } = snapshot;
  const architecture = planArchitecture(config.layers);
  refuseUnknown(architecture);
  const batch = batchOf(architecture);
  const layers = namedLayers(architecture).map((named) => ({
    class_name: named.layer.className,
    config: configOf(named, batch),
  }));
  const bytes = concatenated(weights);
  const count = Math.max(1, Math.ceil(bytes.length / shardBytes));
  const names = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  const manifest = weights.map(({ name, shape }) => ({ name: nameInTfjs(name), shape, dtype: "float32" }));
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

/** Keras 2 calls an input's shape otherwise. */
function configOf(named: NamedLayer, batch: number | null): Record<string, unknown> {
  const { batch_shape: shape, ...config } = layerToKeras(named, tfjsWords);
  if (!Array.isArray(shape)) return config;
  return { ...config, batch_input_shape: [batch, ...(shape.slice(1) as unknown[])] };
}

/** `lstm/lstm_cell/kernel` → `lstm/kernel`, `time_distributed/dense/kernel` → `time_distributed/kernel`. */
function nameInTfjs(name: string): string {
  return name.replace(/\/(simple_rnn|lstm|gru)_cell\//, "/");
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

import type { Architecture } from "../../model/architecture";
import type { NamedWeight } from "../../model/weights";
import { float16ToNumber } from "../dtypes";
import { dialectOf, keras2 } from "../keras/activations";
import type { Dialect } from "../keras/activations";
import { modelFromKeras } from "../keras/model-config";
import { storedKeras } from "../keras/stored-keras";
import { compileFromKeras } from "../keras/training";
import { isRecord, parseJson, refused, shown, stringsOf } from "../stored-model";
import type { StoredModel } from "../stored-model";
import { checkPath } from "./files";
import type { Beside } from "./files";

/** Bytes of an element, and how a list of them becomes numbers. */
interface Dtype {
  readonly bytes: number;
  readonly decode: (buffer: ArrayBuffer) => Float32Array | Int32Array | Uint16Array | Uint8Array;
}

const dtypes: Record<string, Dtype> = {
  float32: { bytes: 4, decode: (buffer) => new Float32Array(buffer) },
  int32: { bytes: 4, decode: (buffer) => new Int32Array(buffer) },
  float16: { bytes: 2, decode: (buffer) => Float32Array.from(new Uint16Array(buffer), float16ToNumber) },
  uint16: { bytes: 2, decode: (buffer) => new Uint16Array(buffer) },
  uint8: { bytes: 1, decode: (buffer) => new Uint8Array(buffer) },
};

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Values are stored as `q`, and mean q · scale + min. */
  readonly scale: number;
  readonly min: number;
  /** Where its bytes begin in the group's shards, put together. */
  readonly begin: number;
  readonly end: number;
  readonly group: number;
  /** TF.js puts an optimizer's variables behind the weights where it is told to save them. */
  readonly isOptimizers: boolean;
}

/**
 * A TF.js layers model: `model.json`, and the shards that it names.
 *
 * @throws FormatError when it is another kind of model, or a shard is missing, too short or too long
 */
export async function readTfjs(bytes: Uint8Array, beside: Beside): Promise<StoredModel> {
  const json = parseJson(new TextDecoder().decode(bytes), "model.json");
  const topology = json.modelTopology;
  if (json.format === "graph-model" || (isRecord(topology) && Array.isArray(topology.node))) {
    const remedy = "convert the Keras model with tensorflowjs_converter --output_format tfjs_layers_model";
    throw refused("a TF.js layers model", "a graph model", remedy);
  }
  if (!isRecord(topology)) throw refused("modelTopology in model.json", shown(topology));
  const notes: string[] = [];
  const dialect: Dialect = { ...dialectOf(topology.keras_version, keras2), masks: "TF.js" };
  const model = modelFromKeras(topology.model_config ?? topology, notes, dialect);
  const compile = compileFromKeras(json.trainingConfig ?? topology.training_config, notes);
  const { entries, groups } = parseManifest(json.weightsManifest);
  const data = await Promise.all(groups.map((paths) => readShards(paths, beside)));
  groups.forEach((paths, group) => checkLength(paths, group, entries, data[group].length));
  const weights = entries.filter(({ isOptimizers }) => !isOptimizers);
  if (weights.length < entries.length)
    notes.push("the optimizer starts afresh: TF.js's variables are not read");
  if (weights.some(({ dtype, scale }) => scale !== 1 || dtype !== "float32")) {
    notes.push("weights stored in fewer bits are taken as float32");
  }
  return storedKeras(
    model,
    {
      format: "tfjs",
      writer: writerOf(json, topology),
      metadata: stringsOf(json.userDefinedMetadata),
      notes,
      tensors: entries,
      weights: (architecture) => readWeights(architecture, weights, data),
      compile,
      state: () => undefined,
    },
    ({ config: { name } }) => weights.filter((entry) => folders(entry).includes(String(name))),
  );
}

function writerOf(json: Record<string, unknown>, topology: Record<string, unknown>): string {
  const generated = typeof json.generatedBy === "string" ? json.generatedBy : "TF.js";
  const version = topology.keras_version;
  return typeof version === "string" ? `${generated} (Keras ${version})` : generated;
}

function parseManifest(manifest: unknown): { entries: Entry[]; groups: string[][] } {
  if (!Array.isArray(manifest)) throw refused("weightsManifest in model.json", shown(manifest));
  const entries: Entry[] = [];
  const groups = manifest.map((group: unknown, index): string[] => {
    if (!isRecord(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights)) {
      throw refused("paths and weights in weightsManifest", shown(group));
    }
    let begin = 0;
    for (const weight of group.weights) {
      const entry = parseEntry(weight, begin, index);
      entries.push(entry);
      begin = entry.end;
    }
    return group.paths.map(checkPath);
  });
  const all = groups.flat();
  if (new Set(all).size < all.length) {
    throw refused("each shard once in weightsManifest", "one twice", "do not use this file");
  }
  return { entries, groups };
}

function parseEntry(weight: unknown, begin: number, group: number): Entry {
  const { name, shape, dtype, quantization } = isRecord(weight) ? weight : {};
  const isSize = (size: unknown): boolean => Number.isSafeInteger(size) && (size as number) >= 0;
  if (typeof name !== "string" || !Array.isArray(shape) || !shape.every(isSize)) {
    throw refused("name and shape of each weight", shown(weight));
  }
  const stored = isRecord(quantization) ? quantization.dtype : dtype;
  if (typeof stored !== "string" || !Object.hasOwn(dtypes, stored)) {
    throw refused(`${Object.keys(dtypes).join(", ")} as dtype of "${name}"`, shown(stored));
  }
  const number = (key: string, byDefault: number): number => {
    const value = isRecord(quantization) ? quantization[key] : undefined;
    return typeof value === "number" ? value : byDefault;
  };
  const bytes = (shape as number[]).reduce((product, size) => product * size, dtypes[stored].bytes);
  const end = begin + bytes;
  return {
    name,
    shape: shape as number[],
    dtype: stored,
    scale: number("scale", 1),
    min: number("min", 0),
    begin,
    end,
    group,
    isOptimizers: isRecord(weight) && weight.group === "optimizer",
  };
}

async function readShards(paths: readonly string[], beside: Beside): Promise<Uint8Array> {
  const shards = await Promise.all(paths.map((path) => beside.read(path)));
  const all = new Uint8Array(shards.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const shard of shards) {
    all.set(shard, at);
    at += shard.length;
  }
  return all;
}

function checkLength(
  paths: readonly string[],
  group: number,
  entries: readonly Entry[],
  length: number,
): void {
  const expected = entries.filter((entry) => entry.group === group).at(-1)?.end ?? 0;
  if (length === expected) return;
  const cut = length < expected ? ": a shard is cut off" : "";
  throw refused(
    `${expected} bytes in ${paths.join(", ")}`,
    `${length}${cut}`,
    "use undamaged copies of the shards",
  );
}

function readWeights(
  architecture: Architecture,
  entries: readonly Entry[],
  data: readonly Uint8Array[],
): NamedWeight[] {
  const plans = architecture.layers.flatMap(({ name, weights }) =>
    weights.map((weight) => ({ ...weight, layer: name })),
  );
  if (plans.length !== entries.length) {
    const got = `${entries.length} (${entries.map(({ name }) => name).join(", ")})`;
    throw refused(`${plans.length} weights (${plans.map(({ name }) => name).join(", ")})`, got);
  }
  return plans.map(({ name, shape, layer }) => {
    const entry = findEntry(entries, layer, name);
    if (String(entry.shape) !== String(shape)) {
      throw refused(`"${entry.name}" of shape [${shape.join(", ")}]`, `[${entry.shape.join(", ")}]`);
    }
    const bytes = data[entry.group].slice(entry.begin, entry.end);
    const { scale, min } = entry;
    const values = dtypes[entry.dtype].decode(bytes.buffer);
    const isPlain = values instanceof Float32Array && scale === 1 && min === 0;
    return { name, shape, data: isPlain ? values : Float32Array.from(values, (q) => q * scale + min) };
  });
}

/** TF.js writes `layer/kernel`, converters `layer/cell/kernel` or `model/layer/kernel`. */
function findEntry(entries: readonly Entry[], layer: string, name: string): Entry {
  const last = name.slice(name.lastIndexOf("/") + 1);
  const direction = /^(forward|backward)_/.exec(name.slice(layer.length + 1))?.[0];
  const found = entries.filter((entry) => {
    const path = folders(entry);
    const isOneOfTwo = direction === undefined || path.some((folder) => folder.startsWith(direction));
    return lastName(entry) === last && path.includes(layer) && isOneOfTwo;
  });
  if (found.length === 1) return found[0];
  const got = found.length === 0 ? entries.map((entry) => entry.name).join(", ") : `${found.length} of them`;
  throw refused(`a weight "${layer}/${last}" in weightsManifest`, got);
}

function lastName({ name }: Entry): string {
  return name.slice(name.lastIndexOf("/") + 1).replace(/:\d+$/, "");
}

/** The layers, wrappers and cells that an entry's name leads through. */
function folders({ name }: Entry): string[] {
  return name.split("/").slice(0, -1);
}

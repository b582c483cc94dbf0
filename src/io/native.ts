import { crc32 } from "../files/crc32";
import type { Architecture } from "../model/architecture";
import type { CompileConfig } from "../model/compiled";
import { layerClasses } from "../model/layers";
import type { OptimizerState } from "../model/training-state";
import type { NamedWeight } from "../model/weights";
import { describe, FormatError, invalid } from "../runtime/errors";
import { compileFromKeras, trainingConfigToKeras } from "./keras/training";
import { readSafetensors, writeSafetensors } from "./safetensors";
import type { NamedTensor, SafetensorsFile, StoredTensor } from "./safetensors";
import { isRecord, parseJson, refused } from "./stored-model";
import type { ModelConfig, Snapshot, StoredLayer, StoredModel } from "./stored-model";

const format = "webgpu-rnn";
/** Raised whenever a file could be misread by an older reader. */
const version = "1";
const ownKeys = ["format", "version", "architecture", "training", "position", "checksum"] as const;
/** Before the names of the optimizer's tensors: `optimizer/velocity/dense/kernel`. */
const optimizerPrefix = "optimizer/";
/** Before the names of what a checkpoint has beside weights and optimizer. */
export const positionPrefix = "__position__/";
/** Stands in the file while its checksum is computed. */
const noChecksum = "0".repeat(8);

/**
 * Writes the native format: a safetensors file of the weights under Keras's names, and of what the optimizer
 * remembers. `__metadata__` holds `format`, `version`, `architecture` and `training` as JSON, of a checkpoint
 * `position`, the user's own strings, and `checksum`: the CRC-32 of the whole file, with zeros for its own eight
 * digits.
 *
 * @throws InvalidInputError when `metadata` uses one of those names or holds something but strings
 */
export function writeModelFile(snapshot: Snapshot): Uint8Array<ArrayBuffer> {
  const { config, weights, compile, state, metadata, position } = snapshot;
  checkMetadata(metadata);
  const architecture = JSON.stringify(config);
  const own = {
    format,
    version,
    architecture,
    ...(compile ? { training: trainingJson(compile, state) } : {}),
    ...(position ? { position: position.json } : {}),
  };
  const tensors = [...weights, ...stateTensors(state), ...(position?.tensors ?? [])];
  const file = writeSafetensors(tensors, { ...metadata, ...own, checksum: noChecksum });
  const at = checksumPosition(file);
  file.set(new TextEncoder().encode(crc32(file)), at);
  return file;
}

/** A file of the native format. */
export interface NativeModel extends StoredModel {
  ownWeights(): NamedWeight[];
  ownState(): OptimizerState | undefined;
  /** Of a checkpoint, as JSON; the tensors that it names begin with `positionPrefix`. */
  readonly position: string | undefined;
  readonly tensorsByName: ReadonlyMap<string, StoredTensor>;
}

/**
 * Reads the native format.
 *
 * @throws FormatError when the file is damaged, not of this library, or of a later version
 */
export function readModelFile(bytes: Uint8Array): NativeModel {
  const file = readSafetensors(bytes);
  const { tensors, metadata } = file;
  if (metadata.format !== format) {
    const got = metadata.format ? `format "${metadata.format}"` : "a safetensors file of another program";
    const remedy = "make the model and give it the tensors of readSafetensors by setWeights";
    throw refused(`a file written by saveModel (${format})`, got, remedy);
  }
  if (metadata.version !== version) {
    throw refused(`version ${version}`, metadata.version ?? "none", "update webgpu-rnn");
  }
  checkChecksum(bytes, metadata.checksum);
  const own = new Set<string>(ownKeys);
  const config = parseJson(metadata.architecture ?? "", "the architecture");
  const layers = layersOf(config, [...tensors.values()]);
  const refusal = refusalOf(layers);
  return {
    format: "safetensors",
    writer: "webgpu-rnn",
    config: refusal ? undefined : (config as unknown as ModelConfig),
    refusal,
    layers,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !own.has(key))),
    notes: [],
    tensors: [...tensors.values()],
    position: metadata.position,
    tensorsByName: tensors,
    ownWeights: () => readWeights(file),
    ownState: () => readState(file),
    weights: (architecture) => fitted(readWeights(file), architecture),
    compile: readCompile(metadata.training),
    state: () => readState(file),
  };
}

/** Layers as they stand in the file; only their outline is checked here. */
function layersOf({ layers }: Record<string, unknown>, tensors: readonly StoredTensor[]): StoredLayer[] {
  const list = Array.isArray(layers) ? layers.filter(isRecord) : [];
  return list.map(({ className, name }): StoredLayer => {
    const known = (layerClasses as unknown[]).includes(className);
    const named = typeof name === "string" ? name : String(className);
    return {
      name: named,
      className: String(className),
      problem: known ? undefined : "the engine has no such layer",
      tensors: tensors.filter((tensor) => tensor.name.startsWith(`${named}/`)),
    };
  });
}

function refusalOf(layers: readonly StoredLayer[]): FormatError | undefined {
  const unknown = layers.filter(({ problem }) => problem !== undefined).map(({ className }) => className);
  if (unknown.length === 0) return undefined;
  return refused(`layers among ${layerClasses.join(", ")}`, unknown.join(", "), "update webgpu-rnn");
}

function trainingJson(compile: CompileConfig, state: OptimizerState | undefined): string {
  const { iterations, learningRate } = state ?? {};
  return JSON.stringify({ compile: trainingConfigToKeras(compile), iterations, learningRate });
}

function stateTensors(state: OptimizerState | undefined): NamedTensor[] {
  return Object.entries(state?.slots ?? {}).flatMap(([slot, list]) =>
    list.map(({ name, shape, data }) => ({ name: `${optimizerPrefix}${slot}/${name}`, shape, data })),
  );
}

function readWeights({ tensors }: SafetensorsFile): NamedWeight[] {
  const others = [optimizerPrefix, positionPrefix];
  const weights = [...tensors.values()].filter(
    ({ name }) => !others.some((prefix) => name.startsWith(prefix)),
  );
  return weights.map(toWeight);
}

/** Names and number are checked where a model takes weights; of shapes it knows nothing. */
function fitted(weights: NamedWeight[], { layers }: Architecture): NamedWeight[] {
  const shapes = new Map(layers.flatMap((layer) => layer.weights.map(({ name, shape }) => [name, shape])));
  for (const { name, shape } of weights) {
    const expected = shapes.get(name) ?? shape;
    if (String(expected) === String(shape)) continue;
    throw refused(`"${name}" of shape [${expected.join(", ")}]`, `[${shape.join(", ")}]`);
  }
  return weights;
}

function readCompile(training: string | undefined): CompileConfig | undefined {
  if (training === undefined) return undefined;
  const compile = compileFromKeras(parseJson(training, "the training").compile, []);
  if (compile) return compile;
  throw refused("an optimizer and a loss as training", "others", "update webgpu-rnn");
}

function readState({ tensors, metadata }: SafetensorsFile): OptimizerState | undefined {
  const { iterations, learningRate } = parseJson(metadata.training ?? "{}", "the training");
  if (typeof iterations !== "number") return undefined;
  const slots: OptimizerState["slots"] = {};
  for (const tensor of tensors.values()) {
    const [, slot, name] = /^optimizer\/([^/]+)\/(.+)$/.exec(tensor.name) ?? [];
    if (slot !== undefined) slots[slot] = [...(slots[slot] ?? []), { ...toWeight(tensor), name }];
  }
  return { iterations, slots, ...(typeof learningRate === "number" ? { learningRate } : {}) };
}

/** @throws InvalidInputError for a name of the format's own, or anything but a string. */
export function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  const taken = ownKeys.find((key) => Object.hasOwn(metadata, key));
  if (taken !== undefined) {
    const expected = `metadata without ${ownKeys.join(", ")}`;
    throw invalid("saveModel", expected, `"${taken}"`, "choose another name");
  }
  for (const [key, value] of Object.entries<unknown>(metadata)) {
    if (typeof value === "string") continue;
    const remedy = "turn it into a string, by JSON.stringify for instance";
    throw invalid("saveModel", `a string as metadata "${key}"`, typeof value, remedy);
  }
}

/** Inside a JSON string the quotes would be escaped: this text stands where the checksum is, and nowhere else. */
const checksumKey = new TextEncoder().encode('"checksum":"');

/** Where the checksum's digits begin, -1 where there are none. */
function checksumPosition(file: Uint8Array): number {
  const headerEnd = 8 + new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  for (let at = 8; at + checksumKey.length + noChecksum.length <= headerEnd; at++) {
    if (checksumKey.every((byte, i) => file[at + i] === byte)) return at + checksumKey.length;
  }
  return -1;
}

function checkChecksum(bytes: Uint8Array, expected: string | undefined): void {
  const at = checksumPosition(bytes);
  const end = at + noChecksum.length;
  const found =
    at < 0 ? "none" : crc32(bytes.subarray(0, at), new TextEncoder().encode(noChecksum), bytes.subarray(end));
  if (found === expected) return;
  throw refused(`checksum ${expected ?? "in the metadata"}`, found);
}

function toWeight({ name, shape, dtype, data }: StoredTensor): NamedWeight {
  if (data instanceof Float32Array && dtype === "F32") return { name, shape, data };
  throw new FormatError(describe("loadModel", `F32 as type of "${name}"`, dtype, "save the model again"));
}

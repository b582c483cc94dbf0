import { planArchitecture } from "../../model/architecture";
import type { Architecture } from "../../model/architecture";
import type { OptimizerState } from "../../model/training-state";
import type { Optimizer } from "../../model/optimizers";
import type { NamedWeight } from "../../model/weights";
import type { Hdf5File } from "../hdf5/reader";
import { writeHdf5 } from "../hdf5/writer";
import type { Hdf5Dataset, Hdf5Group } from "../hdf5/writer";
import { parseJson, refused, stringsOf, weightsOf } from "../stored-model";
import type { Snapshot, StoredModel } from "../stored-model";
import { dialectOf, keras2 } from "./activations";
import { kerasJson } from "./json";
import { configToKeras, modelFromKeras } from "./model-config";
import { optimizerVariables, stateFromVariables, trainedWeights } from "./optimizer-state";
import { storedKeras } from "./stored-keras";
import { compileFromKeras, optimizerClass, trainingConfigToKeras } from "./training";
import { layersWithWeights, readLayerWeights } from "./weights";
import { kerasVersion } from "./version";

/** The attribute that holds the user's strings; Keras leaves it alone. */
const metadataName = "metadata";

/** Whether an HDF5 file has the layout of Keras's `.h5`: names of layers and weights in attributes. */
export function isLegacyH5(file: Hdf5File): boolean {
  return file.text("", "model_config") !== undefined || file.texts("", "layer_names") !== undefined;
}

/** Keras's `.h5`, of versions 2.0 to 3.x: a model, or what `save_weights` wrote. */
export function readLegacyH5(file: Hdf5File): StoredModel {
  const notes: string[] = [];
  const root = file.hasGroup("model_weights") ? "model_weights" : "";
  const dialect = dialectOf(versionOf(file, root), keras2);
  const modelConfig = file.text("", "model_config");
  const model =
    modelConfig === undefined
      ? undefined
      : modelFromKeras(parseJson(modelConfig, "model_config"), notes, dialect);
  const trainingConfig = file.text("", "training_config");
  const compile =
    trainingConfig === undefined
      ? undefined
      : compileFromKeras(parseJson(trainingConfig, "training_config"), notes);
  const parts: Omit<StoredModel, "config"> = {
    format: "h5",
    writer: writerOf(file, root),
    metadata: readMetadata(file),
    notes,
    tensors: file.list(),
    weights: (architecture) => readWeights(file, root, architecture, notes),
    compile,
    state: (optimizer, architecture) => readState(file, optimizer, architecture, notes),
  };
  if (!model) return { ...parts, config: undefined };
  const stored = storedWeights(file, root);
  return storedKeras(model, parts, ({ config }) => {
    const paths = stored.find(({ name }) => name === config.name)?.paths ?? [];
    return parts.tensors.filter(({ name }) => paths.includes(name));
  });
}

function readMetadata(file: Hdf5File): Record<string, string> {
  const text = file.text("", metadataName);
  return text === undefined ? {} : stringsOf(parseJson(text, metadataName));
}

function versionOf(file: Hdf5File, root: string): string | undefined {
  return file.text("", "keras_version") ?? file.text(root, "keras_version");
}

function writerOf(file: Hdf5File, root: string): string {
  const version = versionOf(file, root) ?? "of an unknown version";
  const backend = file.text("", "backend") ?? file.text(root, "backend");
  return `Keras ${version}${backend === undefined ? "" : ` (${backend})`}`;
}

function readWeights(
  file: Hdf5File,
  root: string,
  architecture: Architecture,
  notes: string[],
): NamedWeight[] {
  const stored = storedWeights(file, root).filter(({ paths }) => paths.length > 0);
  const layers = layersWithWeights(architecture);
  if (stored.length !== layers.length) {
    const expected = `weights of ${layers.length} layers (${layers.map(({ name }) => name).join(", ")})`;
    const got = `${stored.length} (${stored.map(({ name }) => name).join(", ")})`;
    throw refused(expected, got, "save the model again, with its weights");
  }
  const byName = new Map(stored.map((entry) => [entry.name, entry]));
  const isNamed = layers.every(({ name }) => byName.has(name));
  return layers.flatMap((layer, i) => {
    const { paths } = (isNamed ? byName.get(layer.name) : undefined) ?? stored[i];
    return readLayerWeights(file, layer, paths, notes);
  });
}

/** The layers that a file has weights of, with the paths of those. */
function storedWeights(file: Hdf5File, root: string): { name: string; paths: string[] }[] {
  const under = (path: string): string => (root === "" ? path : `${root}/${path}`);
  return (file.texts(root, "layer_names") ?? []).map((name) => {
    const names = file.texts(under(name), "weight_names") ?? [];
    return { name, paths: names.map((path) => under(`${name}/${path}`)) };
  });
}

function readState(
  file: Hdf5File,
  optimizer: Optimizer,
  architecture: Architecture,
  notes: string[],
): OptimizerState | undefined {
  const root = "optimizer_weights";
  const names = file.texts(root, "weight_names");
  if (names === undefined) return undefined;
  const variables = names.map((name) => ({ name, ...file.read(`${root}/${name}`) }));
  const state = stateFromVariables(variables, optimizer, trainedWeights(architecture));
  if (typeof state !== "string") return state;
  notes.push(`the optimizer starts afresh: ${state}`);
  return undefined;
}

/** Keras's `.h5` of a model; its weights and, where it was trained, the optimizer's state. */
export function writeLegacyH5(snapshot: Snapshot): Promise<Uint8Array<ArrayBuffer>> {
  const { config, weights, compile, metadata } = snapshot;
  const architecture = planArchitecture(config.layers);
  const name = config.name ?? "sequential";
  const { class_name, config: modelConfig } = configToKeras(name, architecture);
  const optimizer = optimizerGroup(snapshot, architecture);
  return writeHdf5({
    attributes: {
      backend: "webgpu-rnn",
      keras_version: kerasVersion,
      model_config: kerasJson({ class_name, config: modelConfig }),
      ...(Object.keys(metadata).length > 0 ? { [metadataName]: JSON.stringify(metadata) } : {}),
      ...(compile ? { training_config: kerasJson(trainingConfigToKeras(compile)) } : {}),
    },
    groups: {
      model_weights: weightsGroup(name, architecture, weights),
      ...(optimizer ? { optimizer_weights: optimizer } : {}),
    },
  });
}

function weightsGroup(model: string, architecture: Architecture, weights: readonly NamedWeight[]): Hdf5Group {
  const groups: Record<string, Hdf5Group> = {
    top_level_model_weights: { attributes: { weight_names: [] } },
  };
  for (const layer of architecture.layers) {
    const own = weightsOf(layer, weights);
    const datasets = own.map(({ name, ...values }): [string, Hdf5Dataset] => [`${model}/${name}`, values]);
    groups[layer.name] = { attributes: { weight_names: datasets.map(([path]) => path) }, datasets };
  }
  const layer_names = architecture.layers.map(({ name }) => name);
  return { attributes: { backend: "webgpu-rnn", keras_version: kerasVersion, layer_names }, groups };
}

function optimizerGroup({ compile, state }: Snapshot, architecture: Architecture): Hdf5Group | undefined {
  if (!compile || !state) return undefined;
  const { optimizer } = compile;
  const variables = optimizerVariables(optimizer, state, trainedWeights(architecture));
  const folder = optimizerClass(optimizer).toLowerCase();
  const datasets = variables.map(({ name, shape, data }): [string, Hdf5Dataset] => [
    `${folder}/${name}`,
    { shape, data },
  ]);
  return { attributes: { weight_names: datasets.map(([path]) => path) }, datasets };
}

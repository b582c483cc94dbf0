import type { Architecture } from "../../model/architecture";
import type { Optimizer } from "../../model/optimizers";
import type { OptimizerState } from "../../model/training-state";
import type { NamedWeight } from "../../model/weights";
import type { Hdf5File } from "../hdf5/reader";
import { writeHdf5 } from "../hdf5/writer";
import type { Hdf5Dataset } from "../hdf5/writer";
import { refused, weightsOf } from "../stored-model";
import type { Snapshot, StoredModel, StoredTensorInfo } from "../stored-model";
import { variablePath } from "./layers";
import { optimizerVariables, stateFromVariables, trainedWeights } from "./optimizer-state";
import { groupNames } from "./stored-keras";
import { readLayerWeights } from "./weights";

/** Where the layers lie: since Keras 2.13, and in 2.12. */
const layerFolders = ["layers", "_layer_checkpoint_dependencies"];

/** Whether an HDF5 file has the layout of `.weights.h5`: numbered variables under groups named by class. */
export function isWeightsH5(file: Hdf5File): boolean {
  return layerFolders.some((folder) => file.hasGroup(folder));
}

/** The tensors of the group of a layer, whatever the layer. */
export function tensorsInGroup(tensors: readonly StoredTensorInfo[], group: string): StoredTensorInfo[] {
  const prefixes = layerFolders.map((folder) => `${folder}/${group}/`);
  return tensors.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
}

/** Keras's `.weights.h5`: weights, and the optimizer's state, without the architecture. */
export function readWeightsH5(file: Hdf5File): StoredModel {
  const notes: string[] = [];
  return {
    format: "weights.h5",
    writer: "Keras 3, or 2.12 and later",
    config: undefined,
    metadata: {},
    notes,
    tensors: file.list(),
    weights: (architecture) => weightsFromVariables(file, architecture, notes),
    compile: undefined,
    state: (optimizer, architecture) => stateFromNumbered(file, optimizer, architecture, notes),
  };
}

/** What dropout's random numbers have come to; the engine draws its own. */
const randomState = /\/(_?random|seed)_generator\//;

/** The weights of a model from numbered variables. */
export function weightsFromVariables(
  file: Hdf5File,
  architecture: Architecture,
  notes: string[],
): NamedWeight[] {
  const folder = layerFolders.find((name) => file.hasGroup(name));
  const groups = groupNames(architecture.layers.map(({ config }) => config.className));
  const stored = file.paths.filter((path) => path.startsWith(`${folder}/`) && !randomState.test(path));
  if (folder === undefined || stored.length === 0) {
    const remedy = "save the model again, with its weights";
    throw refused("weights in the file", "groups without a dataset", remedy);
  }
  const weights = architecture.layers.flatMap((layer, i) => {
    const group = `${folder}/${groups[i]}`;
    const { className } = layer.config;
    const count = layer.weights.length;
    const known = layer.weights.map((_, index) => `${group}/${variablePath(className, index, count)}`);
    const others = stored.filter((path) => path.startsWith(`${group}/`) && !known.includes(path));
    return readLayerWeights(
      file,
      layer,
      [...known.filter((path) => file.hasDataset(path)), ...others],
      notes,
    );
  });
  const count = architecture.layers.reduce((sum, layer) => sum + layer.weights.length, 0);
  if (stored.length === count) return weights;
  const remedy = "use weights of a model with the same layers";
  throw refused(`${count} weights`, `${stored.length} (${stored.join(", ")})`, remedy);
}

/** The optimizer's state from numbered variables, undefined where there are none. */
export function stateFromNumbered(
  file: Hdf5File,
  optimizer: Optimizer,
  architecture: Architecture,
  notes: string[],
): OptimizerState | undefined {
  const count = file.paths.filter((path) => path.startsWith("optimizer/vars/")).length;
  if (count === 0) return undefined;
  const variables = Array.from({ length: count }, (_, i) => ({
    name: "",
    ...file.read(`optimizer/vars/${i}`),
  }));
  const state = stateFromVariables(variables, optimizer, trainedWeights(architecture));
  if (typeof state !== "string") return state;
  notes.push(`the optimizer starts afresh: ${state}`);
  return undefined;
}

/** The weights of a model, and the optimizer's state, in Keras's `.weights.h5`. */
export function writeWeightsH5(
  architecture: Architecture,
  { weights, compile, state }: Snapshot,
): Promise<Uint8Array<ArrayBuffer>> {
  const groups = groupNames(architecture.layers.map(({ config }) => config.className));
  const datasets = architecture.layers.flatMap((layer, i) =>
    weightsOf(layer, weights).map((weight, index, { length }): [string, Hdf5Dataset] => [
      `layers/${groups[i]}/${variablePath(layer.config.className, index, length)}`,
      weight,
    ]),
  );
  if (compile && state) datasets.push(...stateDatasets(compile.optimizer, state, architecture));
  return writeHdf5({ datasets });
}

function stateDatasets(
  optimizer: Optimizer,
  state: OptimizerState,
  architecture: Architecture,
): [string, Hdf5Dataset][] {
  const variables = optimizerVariables(optimizer, state, trainedWeights(architecture));
  return variables.map(({ shape, data }, i) => [`optimizer/vars/${i}`, { shape, data }]);
}

import { recurrentOf } from "../../model/architecture";
import type { Architecture } from "../../model/architecture";
import { input } from "../../model/layers";
import type { Layer } from "../../model/layers";
import { FormatError, InvalidInputError } from "../../runtime/errors";
import { isRecord, refused, shown } from "../stored-model";
import type { ModelConfig } from "../stored-model";
import { isActivationLayer } from "./activations";
import type { Dialect } from "./activations";
import { withoutCudnn } from "./cudnn";
import { checkedActivation, foldActivation } from "./fold";
import type { KerasLayer } from "./functional";
import { isLayerClass, keras3, kerasObject, layerClasses, layerFromKeras, layerToKeras } from "./layers";
import type { NamedLayer } from "./layers";
import { stepsOf } from "./layers/core";
import { noteMasks } from "./masks";
import { checkOneHot, identityName, oneHot } from "./one-hot";
import { outlineOf } from "./outline";
import type { Outline } from "./outline";
import { ConfigReader } from "./reader";

/** A model of a Keras file: the engine's layers, or why it has none such. */
export interface KerasModel {
  readonly layers: readonly KerasLayer[];
  readonly config: ModelConfig | undefined;
  /** The error that loading the model ends in. */
  readonly refusal: FormatError | undefined;
  readonly dialect: Dialect;
  /** Whether an embedding that is the identity was put before its layers. */
  readonly hasIdentity: boolean;
}

/**
 * The engine's configuration of a Keras model.
 *
 * @param json Keras's `model_config`: of Keras 3, or of Keras 2, where it may hold a bare list of layers
 * @param notes grows with what the file says and the engine does otherwise
 * @throws FormatError when it is no Sequential or Functional model
 */
export function modelFromKeras(json: unknown, notes: string[], dialect: Dialect): KerasModel {
  const stored = outlineOf(json);
  const { layers } = stored;
  const outline = { ...stored, layers: layers.map(withoutCudnn) };
  try {
    const config = configFromKeras(outline, notes, dialect);
    return { layers, config, refusal: undefined, dialect, hasIdentity: isOneHot(config.layers, layers) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { layers, config: undefined, refusal: error, dialect, hasIdentity: false };
  }
}

/** Whether the identity was put before the layers; a file that this library wrote has it, with its weights. */
function isOneHot(built: readonly Layer[], stored: readonly KerasLayer[]): boolean {
  const hasIdentity = built.some(({ name }) => name === identityName);
  return hasIdentity && !stored.some(({ config }) => config.name === identityName);
}

function configFromKeras({ name, layers, branch }: Outline, notes: string[], dialect: Dialect): ModelConfig {
  refuseUnknown(layers);
  if (branch !== undefined) {
    const remedy = "the engine's models have one layer behind the other";
    throw refused("a chain of layers, from one input to one output", branch, remedy);
  }
  try {
    const append = (built: Layer[], { className, config }: KerasLayer): Layer[] =>
      appended(built, new ConfigReader(config, className, notes, dialect));
    const built = layers.reduce<Layer[]>(append, []);
    if (isOneHot(built, layers)) checkOneHot(built, notes);
    noteMasks(built, dialect, notes);
    return { name, layers: built };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw refused(
      "layers that the engine can build",
      `"${error.message}"`,
      "change the model in Keras",
      error,
    );
  }
}

/** Names all layers that the engine lacks, not only the first. */
function refuseUnknown(layers: readonly KerasLayer[]): void {
  const unknown = new Map<string, string[]>();
  for (const { className, config } of layers) {
    if (isKnown(className)) continue;
    unknown.set(className, [...(unknown.get(className) ?? []), shown(config.name)]);
  }
  if (unknown.size === 0) return;
  const got = [...unknown].map(([className, names]) => `${className} (${names.join(", ")})`).join(", ");
  const remedy = "the engine has no others yet";
  throw refused(`layers among ${layerClasses.join(", ")}`, got, remedy);
}

/** Why the engine cannot run a layer, wherever it stands; undefined where it can. */
export function problemOf(layer: KerasLayer, dialect: Dialect): string | undefined {
  const { className, config } = withoutCudnn(layer);
  if (!isKnown(className)) return "the engine has no such layer";
  const reader = new ConfigReader(config, className, [], dialect);
  try {
    if (isActivationLayer(className)) checkedActivation(reader);
    else if (isLayerClass(className)) layerFromKeras(className, reader);
    return undefined;
  } catch (error) {
    if (error instanceof FormatError || error instanceof InvalidInputError) return error.message;
    throw error;
  }
}

/** Whether layers of a class can be read. */
function isKnown(className: string): boolean {
  return isLayerClass(className) || isActivationLayer(className) || trainingOnlyLayers.includes(className);
}

/** Layers without weights that hand on what they get, but for training. */
const trainingOnlyLayers = ["GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization"];

function appended(built: Layer[], reader: ConfigReader): Layer[] {
  const { className } = reader;
  noteDtype(reader);
  if (isActivationLayer(className)) return foldActivation(built, reader);
  if (!isLayerClass(className)) {
    reader.notes.push(`${reader.where} is left out: it changes nothing but training`);
    return built;
  }
  const layer = layerFromKeras(className, reader);
  if (className === "InputLayer") return [...built, layer, ...oneHot(reader)];
  return [...built, ...(built.length === 0 ? impliedInput(reader) : []), layer];
}

/** Keras 2 states the input's shape on the first layer. */
function impliedInput(reader: ConfigReader): Layer[] {
  const { batch_input_shape: shape, input_length: length } = reader.values;
  if (shape !== undefined && shape !== null) {
    return [input({ shape: [stepsOf(reader, shape)] }), ...oneHot(reader)];
  }
  if (length === undefined || length === null) return [];
  // A number, or a list of one.
  const steps: unknown = Array.isArray(length) && length.length === 1 ? length[0] : length;
  return [input({ shape: [stepsOf(reader, [null, steps])] })];
}

/** The engine computes in float32 whatever the file's policy. Keras 2.0 gives an embedding the type of its tokens. */
function noteDtype(reader: ConfigReader): void {
  const { dtype } = reader.values;
  const policy = isRecord(dtype) && isRecord(dtype.config) ? dtype.config.name : dtype;
  if (typeof policy !== "string" || /^(float32|u?int\d+)$/.test(policy)) return;
  if (reader.className === "InputLayer") return;
  reader.notes.push(`${reader.where}: computed in float32 instead of ${policy}`);
}

/** All layers with their names, an input layer first: without one, neither Keras nor TF.js can build the model. */
export function namedLayers({ layers, steps, inputName }: Architecture): NamedLayer[] {
  const shape = [steps ?? null];
  const first: NamedLayer = { layer: input({ shape }), name: inputName ?? "input_layer", innerName: "" };
  return [
    first,
    ...layers.map(({ config, name, weights }) => ({
      layer: config,
      name,
      innerName: "layer" in config ? innerName(name, weights[0].name) : "",
    })),
  ];
}

/** `bidirectional/forward_lstm/lstm_cell/kernel` → `lstm`. */
function innerName(name: string, weight: string): string {
  const [inner] = weight.slice(name.length + 1).split("/");
  return inner.replace(/^forward_/, "");
}

/** The input's batch in a file: a stateful model has one of its own, and cannot be built without. */
export function batchOf({ layers }: Architecture): number | null {
  const isStateful = layers.some(({ config }) => recurrentOf(config)?.stateful === true);
  return isStateful ? 1 : null;
}

/** Keras 3's configuration of a model. */
export function configToKeras(name: string, architecture: Architecture): Record<string, unknown> {
  const build_input_shape = [batchOf(architecture), architecture.steps ?? null];
  const layers = namedLayers(architecture).map((named) => {
    const config = layerToKeras(named, keras3);
    const isInput = named.layer.className === "InputLayer";
    return kerasObject(
      named.layer.className,
      isInput ? { ...config, batch_shape: build_input_shape } : config,
    );
  });
  const config = { name, trainable: true, dtype: "float32", layers, build_input_shape };
  return { module: "keras", class_name: "Sequential", config, registered_name: null };
}

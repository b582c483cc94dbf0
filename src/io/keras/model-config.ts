import type { Architecture } from "../../model/architecture";
import { input } from "../../model/layers";
import type { DenseActivation, Layer } from "../../model/layers";
import { InvalidInputError } from "../../runtime/errors";
import { isRecord, refused, shown } from "../stored-model";
import type { ModelConfig } from "../stored-model";
import {
  foldableActivations,
  isLayerClass,
  layerClasses,
  layerFromKeras,
  layerToKeras,
  stepsOf,
} from "./layers";
import { ConfigReader } from "./reader";

interface KerasLayer {
  readonly className: string;
  readonly config: Record<string, unknown>;
}

/**
 * The engine's configuration of a Keras model.
 *
 * @param json Keras's `model_config`: of Keras 3, or of Keras 2, where it may hold a bare list of layers
 * @param notes grows with what the file says and the engine does otherwise
 * @throws FormatError when it is no Sequential model, or has layers or options that the engine lacks
 */
export function configFromKeras(json: unknown, notes: string[]): ModelConfig {
  const { name, layers } = outlineOf(json);
  refuseUnknown(layers);
  try {
    return { name, layers: layers.reduce<Layer[]>((built, layer) => append(built, layer, notes), []) };
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

function outlineOf(json: unknown): { name: string | undefined; layers: KerasLayer[] } {
  if (!isRecord(json)) throw refused("a Keras model's configuration", shown(json));
  if (json.class_name !== "Sequential") {
    const remedy = "build it as keras.Sequential and save it again";
    throw refused("a Sequential model", `one of class ${shown(json.class_name)}`, remedy);
  }
  const { config } = json;
  const layers = isRecord(config) ? config.layers : config;
  if (!Array.isArray(layers)) throw refused("a list of layers in the model's configuration", shown(layers));
  const name = isRecord(config) && typeof config.name === "string" ? config.name : undefined;
  return { name, layers: layers.map(parseLayer) };
}

function parseLayer(layer: unknown): KerasLayer {
  if (isRecord(layer) && typeof layer.class_name === "string" && isRecord(layer.config)) {
    return { className: layer.class_name, config: layer.config };
  }
  throw refused("class_name and config of each layer", shown(layer));
}

const activationClass = "Activation";

/** Names all layers that the engine lacks, not only the first. */
function refuseUnknown(layers: readonly KerasLayer[]): void {
  const unknown = new Map<string, string[]>();
  for (const { className, config } of layers) {
    if (isLayerClass(className) || className === activationClass) continue;
    unknown.set(className, [...(unknown.get(className) ?? []), shown(config.name)]);
  }
  if (unknown.size === 0) return;
  const got = [...unknown].map(([className, names]) => `${className} (${names.join(", ")})`).join(", ");
  const remedy = "the engine has no others yet";
  throw refused(`layers among ${layerClasses.join(", ")}`, got, remedy);
}

function append(built: Layer[], { className, config }: KerasLayer, notes: string[]): Layer[] {
  const reader = new ConfigReader(config, className, notes);
  noteDtype(reader);
  if (className === activationClass) return foldActivation(built, reader);
  if (!isLayerClass(className)) return built;
  if (built.length === 0 && className !== "InputLayer") built.push(...impliedInput(reader));
  return [...built, layerFromKeras(className, reader)];
}

/** Keras 2 states the input's shape on the first layer. */
function impliedInput(reader: ConfigReader): Layer[] {
  const { batch_input_shape: shape, input_length: length } = reader.values;
  if (shape !== undefined && shape !== null) return [input({ shape: [stepsOf(reader, shape)] })];
  return length === undefined || length === null ? [] : [input({ shape: [stepsOf(reader, [null, length])] })];
}

/** An activation behind a dense layer that has none is that layer's. */
function foldActivation(built: Layer[], reader: ConfigReader): Layer[] {
  const before = built.at(-1);
  if (before?.className === "Dense" && before.activation === "linear") {
    const activation: DenseActivation = reader.activation("activation", foldableActivations, "linear");
    return [...built.slice(0, -1), { ...before, activation }];
  }
  const got = before ? `a ${before.className} before it` : "nothing before it";
  throw refused(`${reader.where} behind a Dense without activation`, got, "give the layer the activation");
}

/** The engine computes in float32 whatever the file's policy. */
function noteDtype(reader: ConfigReader): void {
  const { dtype } = reader.values;
  const policy = isRecord(dtype) && isRecord(dtype.config) ? dtype.config.name : dtype;
  if (typeof policy !== "string" || policy === "float32" || reader.className === "InputLayer") return;
  reader.notes.push(`${reader.where}: computed in float32 instead of ${policy}`);
}

/** A layer of a configuration that is written, with the name it has in the model. */
interface NamedLayer {
  layer: Layer;
  name: string;
}

/** All layers with their names, an input layer first: without one, neither Keras nor TF.js can build the model. */
export function namedLayers({ layers, steps, inputName }: Architecture): NamedLayer[] {
  const shape = [steps ?? null];
  const first: NamedLayer = { layer: input({ shape }), name: inputName ?? "input_layer" };
  return [first, ...layers.map(({ config, name }) => ({ layer: config, name }))];
}

/** Keras 3's configuration of a model. */
export function configToKeras(name: string, architecture: Architecture): Record<string, unknown> {
  const layers = namedLayers(architecture).map(({ layer, name: layerName }) => ({
    module: "keras.layers",
    class_name: layer.className,
    config: layerToKeras(layer, layerName),
    registered_name: null,
  }));
  const build_input_shape = [null, architecture.steps ?? null];
  const config = { name, trainable: true, dtype: "float32", layers, build_input_shape };
  return { module: "keras", class_name: "Sequential", config, registered_name: null };
}

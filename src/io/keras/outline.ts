import { isRecord, refused, shown } from "../stored-model";
import { chainOf } from "./functional";
import type { KerasLayer } from "./functional";

/** The layers of a Keras model in their order. */
export interface Outline {
  readonly name: string | undefined;
  readonly layers: readonly KerasLayer[];
  /** Why the layers are not one behind the other: undefined where they are. */
  readonly branch: string | undefined;
}

const functionalClasses = ["Functional", "Model"];

/**
 * The layers of a Keras model, and whether they form a chain.
 *
 * @param json Keras's `model_config`: of Keras 3, or of Keras 2, where it may hold a bare list of layers
 * @throws FormatError when it is no Sequential or Functional model
 */
export function outlineOf(json: unknown): Outline {
  if (!isRecord(json)) throw refused("a Keras model's configuration", shown(json));
  const { class_name: className, config } = json;
  const isFunctional = typeof className === "string" && functionalClasses.includes(className);
  if (className !== "Sequential" && !isFunctional) {
    const remedy = "build it as keras.Sequential and save it again";
    throw refused("a Sequential model", `one of class ${shown(className)}`, remedy);
  }
  const list = isRecord(config) ? config.layers : config;
  if (!Array.isArray(list)) throw refused("a list of layers in the model's configuration", shown(list));
  const name = isRecord(config) && typeof config.name === "string" ? config.name : undefined;
  const layers = list.map(parseLayer);
  return isFunctional ? { name, ...chainOf(layers) } : { name, layers, branch: undefined };
}

function parseLayer(layer: unknown): KerasLayer {
  if (isRecord(layer) && typeof layer.class_name === "string" && isRecord(layer.config)) {
    const { class_name: className, config, name, inbound_nodes: calls } = layer;
    // Functional models of Keras 2 state the name beside the configuration, too.
    return { className, config: name === undefined ? config : { name, ...config }, calls };
  }
  throw refused("class_name and config of each layer", shown(layer));
}

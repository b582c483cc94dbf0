import type { StoredLayer, StoredModel, StoredTensorInfo } from "../stored-model";
import { problemOf } from "./model-config";
import type { KerasModel } from "./model-config";
import { withIdentity } from "./one-hot";
import type { KerasLayer } from "./functional";

/** What a format reads of a file that holds a Keras model. */
type Parts = Omit<StoredModel, "config" | "refusal" | "layers">;

/**
 * The file of a Keras model, of any of its formats.
 *
 * @param tensorsOf those of the layer in place `index`, wherever the format keeps them
 */
export function storedKeras(
  model: KerasModel,
  parts: Parts,
  tensorsOf: (layer: KerasLayer, index: number) => readonly StoredTensorInfo[],
): StoredModel {
  const layers = model.layers.map((layer, index): StoredLayer => {
    const { className, config } = layer;
    const name = typeof config.name === "string" ? config.name : className;
    return { name, className, problem: problemOf(layer, model.dialect), tensors: tensorsOf(layer, index) };
  });
  const { config, refusal, hasIdentity } = model;
  const stored: StoredModel = { ...parts, config, refusal, layers };
  return hasIdentity ? withIdentity(stored) : stored;
}

/** Keras's names for the layers' groups: the class in snake_case, counted, whatever the layers are called. */
export function groupNames(classNames: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return classNames.map((className) => {
    const name = snakeCase(className);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  });
}

function snakeCase(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

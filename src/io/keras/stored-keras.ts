import type { Architecture } from "../../model/architecture";
import type { OptimizerState } from "../../model/training-state";
import type { NamedWeight } from "../../model/weights";
import type { StoredLayer, StoredModel, StoredTensorInfo } from "../stored-model";
import { identityName, problemOf } from "./model-config";
import type { KerasModel } from "./model-config";
import type { KerasLayer } from "./outline";

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

/** The embedding that stands for one-hot vectors is in the model, and not in the file. */
function withIdentity(stored: StoredModel): StoredModel {
  return {
    ...stored,
    weights: (architecture) => [identityOf(architecture), ...stored.weights(withoutIdentity(architecture))],
    state(optimizer, architecture) {
      const state = stored.state(optimizer, withoutIdentity(architecture));
      if (!state) return undefined;
      const { name, shape, data } = identityOf(architecture);
      const zeros = (): NamedWeight => ({ name, shape, data: new Float32Array(data.length) });
      const slots: OptimizerState["slots"] = {};
      for (const [slot, list] of Object.entries(state.slots)) slots[slot] = [zeros(), ...list];
      return { ...state, slots };
    },
  };
}

function withoutIdentity(architecture: Architecture): Architecture {
  return { ...architecture, layers: architecture.layers.filter(({ name }) => name !== identityName) };
}

function identityOf({ layers }: Architecture): NamedWeight {
  const [{ name, shape }] = layers[0].weights;
  const [rows] = shape;
  const data = new Float32Array(rows * rows);
  for (let row = 0; row < rows; row++) data[row * rows + row] = 1;
  return { name, shape, data };
}

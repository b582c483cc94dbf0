import type { Architecture } from "../../model/architecture";
import { denseOf } from "../../model/architecture";
import { embedding } from "../../model/layers";
import type { Layer } from "../../model/layers";
import type { OptimizerState } from "../../model/training-state";
import type { NamedWeight } from "../../model/weights";
import { refused, shown } from "../stored-model";
import type { StoredModel } from "../stored-model";
import { takesTokens } from "./layers/core";
import type { ConfigReader } from "./reader";

/** The name of the embedding that stands for one-hot vectors. */
export const identityName = "one_hot";

/** An identity of so many rows is 64 MiB; a vocabulary of characters has a few hundred. */
const maxFeatures = 4096;

/**
 * A model of one-hot vectors, [batch, steps, V], becomes one of tokens: its first layer is the identity of V rows.
 */
export function oneHot(reader: ConfigReader): Layer[] {
  const shape = reader.values.batch_shape ?? reader.values.batch_input_shape;
  if (!Array.isArray(shape) || shape.length !== 3) return [];
  const features: unknown = shape[2];
  const isSize = typeof features === "number" && Number.isInteger(features) && features >= 2;
  if (reader.className === "Embedding" || !isSize || features > maxFeatures) {
    throw refused(`[batch, steps] as the input of ${reader.where}`, shown(shape), takesTokens);
  }
  return [embedding(features, features, { name: identityName })];
}

/**
 * Nothing in a file says that vectors are one-hot. They are where the model gives a probability to each of as many
 * tokens as come in; vectors of any other model may hold measurements.
 *
 * @throws FormatError for a model of vectors that is none of tokens
 */
export function checkOneHot(layers: readonly Layer[], notes: string[]): void {
  const features = layers.find((layer) => layer.className === "Embedding")?.inputDim;
  const head = denseOf(layers[layers.length - 1]);
  if (head?.activation !== "softmax" || head.units !== features) {
    const got = `vectors of ${shown(features)} features, and no softmax over as many tokens at the end`;
    throw refused("tokens or one-hot vectors as the model's input", got, takesTokens);
  }
  notes.push(
    `its input is taken for one-hot vectors: pass token ids below ${shown(features)}; ` +
      `an embedding that is the identity stands before the first layer, and training changes it`,
  );
}

/** The embedding that stands for one-hot vectors is in the model, and not in the file. */
export function withIdentity(stored: StoredModel): StoredModel {
  return {
    ...stored,
    weights(architecture) {
      const weights = stored.weights(withoutIdentity(architecture));
      return [identityOf(architecture), ...weights];
    },
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

import type { DenseActivation, Layer } from "../../model/layers";
import { refused, shown } from "../stored-model";
import { activationName, activationOfLayer, knownActivations } from "./activations";
import type { ConfigReader } from "./reader";

/**
 * An activation behind a layer that computes a sum and nothing else is that layer's own.
 *
 * @throws FormatError behind any other layer, or where the engine has no such activation
 */
export function foldActivation(built: Layer[], reader: ConfigReader): Layer[] {
  const activation = checkedActivation(reader);
  if (activation === "linear") return built;
  const before = built.at(-1);
  const folded = before && withActivation(before, activation);
  if (folded) return [...built.slice(0, -1), folded];
  const got = before ? `a ${before.className} before it` : "nothing before it";
  const expected = `${reader.where} behind a Dense or Conv1D without activation`;
  throw refused(expected, got, "give the layer the activation");
}

/**
 * The activation that a layer is.
 *
 * @throws FormatError where the engine has no such
 */
export function checkedActivation({ className, values, where, dialect }: ConfigReader): DenseActivation {
  const activation = activationOfLayer(className, values, dialect);
  if (activation !== undefined) return activation;
  const got = className === "Activation" ? activationName(values.activation) : values;
  const remedy = "this engine has no other activations";
  throw refused(`${where} among ${knownActivations.join(", ")}`, shown(got), remedy);
}

/** The layer with the activation, undefined where that is not the same. */
function withActivation(layer: Layer, activation: DenseActivation): Layer | undefined {
  if (layer.className === "TimeDistributed") {
    const inner = withActivation(layer.layer, activation);
    return inner?.className === "Dense" ? { ...layer, layer: inner } : undefined;
  }
  if (layer.className === "Dense" && layer.activation === "linear") return { ...layer, activation };
  const isPlain = layer.className === "Conv1D" && layer.activation === "linear" && activation !== "softmax";
  return isPlain ? { ...layer, activation } : undefined;
}

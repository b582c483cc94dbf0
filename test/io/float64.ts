import type { Layer } from "../../src/index";
import { planArchitecture } from "../../src/model/architecture";
import type { NamedWeight } from "../../src/model/weights";
import { ReferenceModel } from "../reference/model";
import type { LayerDescription } from "../support/layers";

/**
 * What a model predicts, in float64: by the engine's twin, which shares nothing with what reads and writes files.
 *
 * @param weights in the order of `getWeights`
 * @param tokens rows of one length
 */
export function predictFloat64(
  layers: readonly Layer[],
  weights: readonly Pick<NamedWeight, "data">[],
  tokens: readonly (readonly number[])[],
): Float64Array {
  const descriptions = planArchitecture(layers).layers.map(({ config, name }) => describeLayer(config, name));
  const values = weights.map(({ data }) => data);
  // How it is trained is of no account here.
  const twin = new ReferenceModel(descriptions, values, {
    optimizer: { type: "sgd", learningRate: 0, momentum: 0, nesterov: false },
    loss: { name: "meanSquaredError", fromLogits: false },
  });
  return twin.predict(tokens.flat(), tokens.length);
}

function describeLayer(config: Layer, name: string): LayerDescription {
  const inner = "layer" in config ? { layer: describeLayer(config.layer, "inner") } : {};
  return { ...config, ...inner, name, type: typeOf(config.className) } as unknown as LayerDescription;
}

/** `MaxPooling1D` → `maxPooling1d`, `LSTM` → `lstm`. */
function typeOf(className: string): string {
  if (/^[A-Z]+$/.test(className)) return className.toLowerCase();
  return className.charAt(0).toLowerCase() + className.slice(1).replace("1D", "1d");
}

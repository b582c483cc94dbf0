import { recurrentOf } from "../../model/architecture";
import type { Architecture, LayerPlan } from "../../model/architecture";
import { invalid } from "../../runtime/errors";
import { layersMissingMask } from "../keras/masks";

/**
 * Layers of which TF.js would make something else without a word are not written for it: it has GRU in its first
 * form alone, and takes masks otherwise than Keras in two layers.
 *
 * @throws InvalidInputError for the first of them
 */
export function refuseUnknown({ layers }: Architecture): void {
  const missing = layersMissingMask(layers.map(({ config }) => config));
  let masked = false;
  for (const layer of layers) {
    const { config, name } = layer;
    if (config.className === "Embedding") masked = config.maskZero;
    if (config.className === "Masking") masked = true;
    const problem = missing.includes(config) ? withoutMask(layer) : problemOf(layer, masked);
    if (problem !== undefined) {
      const remedy = "save it as safetensors, keras, h5 or onnx";
      throw invalid("saveModel", "layers that TF.js has", `${problem} (${name})`, remedy);
    }
    masked &&= passesMask(layer);
  }
}

function problemOf({ config }: LayerPlan, masked: boolean): string | undefined {
  const recurrent = recurrentOf(config);
  if (recurrent?.className === "GRU" && recurrent.resetAfter) return "a GRU with resetAfter";
  if (!masked) return undefined;
  if (config.className === "Bidirectional" && recurrent?.returnSequences) {
    return "a Bidirectional that returns sequences, with a mask";
  }
  return config.className === "GlobalAveragePooling1D" ? "a GlobalAveragePooling1D with a mask" : undefined;
}

/** TF.js would take the mask to it. */
function withoutMask({ config: { className } }: LayerPlan): string {
  return `a ${className} behind a masked recurrent layer that returns sequences`;
}

function passesMask({ config: { className } }: LayerPlan): boolean {
  return ["Embedding", "Masking", "Dense", "TimeDistributed", "Dropout", "SpatialDropout1D"].includes(
    className,
  );
}

import { recurrentOf } from "../../model/architecture";
import type { Architecture, LayerPlan } from "../../model/architecture";
import { invalid } from "../../runtime/errors";

/**
 * Layers of which TF.js would make something else without a word are not written for it: it has GRU in its first
 * form alone, takes masks otherwise than Keras in two layers, and has a mask that ended reach all layers behind.
 *
 * @throws InvalidInputError for the first of them
 */
export function refuseUnknown({ layers }: Architecture): void {
  let masked = false;
  let ended = false;
  for (const layer of layers) {
    const { config, name } = layer;
    if (config.className === "Embedding") masked = config.maskZero;
    if (config.className === "Masking") masked = true;
    const problem = problemOf(layer, masked, ended);
    if (problem !== undefined) {
      const remedy = "save it as safetensors, keras, h5 or onnx";
      throw invalid("saveModel", "layers that TF.js has", `${problem} (${name})`, remedy);
    }
    ended ||= masked && !passesMask(layer);
    masked &&= passesMask(layer);
  }
}

function problemOf({ config }: LayerPlan, masked: boolean, ended: boolean): string | undefined {
  const { className } = config;
  const recurrent = recurrentOf(config);
  if (recurrent?.className === "GRU" && recurrent.resetAfter) return "a GRU with resetAfter";
  const takesMask = recurrent !== undefined || className === "GlobalAveragePooling1D";
  if (!masked) return ended && takesMask ? `a ${className} behind a layer that ends a mask` : undefined;
  if (className === "Bidirectional" && recurrent?.returnSequences) {
    return "a Bidirectional that returns sequences, with a mask";
  }
  return className === "GlobalAveragePooling1D" ? "a GlobalAveragePooling1D with a mask" : undefined;
}

function passesMask({ config: { className } }: LayerPlan): boolean {
  return ["Embedding", "Masking", "Dense", "TimeDistributed", "Dropout", "SpatialDropout1D"].includes(
    className,
  );
}

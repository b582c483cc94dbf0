import { recurrentOf } from "../../model/architecture";
import type { Layer } from "../../model/layers";

/** Layers that hand a mask on as it is, here as in Keras. */
const passing = ["Dense", "TimeDistributed", "Dropout", "SpatialDropout1D"];

/**
 * The layers that a mask does not reach here, as in Keras 3.16, and does reach in TF.js and in Keras before 3.16: there
 * a recurrent layer that returns sequences hands on the mask that it got.
 */
export function layersMissingMask(layers: readonly Layer[]): Layer[] {
  let mask: "none" | "here too" | "elsewhere" = "none";
  return layers.filter((layer) => {
    const recurrent = recurrentOf(layer);
    const misses = mask === "elsewhere" && (recurrent ?? layer.className === "GlobalAveragePooling1D");
    if (layer.className === "Embedding") mask = layer.maskZero ? "here too" : "none";
    else if (layer.className === "Masking") mask = "here too";
    else if (recurrent) mask = recurrent.returnSequences && mask !== "none" ? "elsewhere" : "none";
    else if (!passing.includes(layer.className)) mask = "none";
    return misses;
  });
}

/** Says which layers of a file compute otherwise here. */
export function noteMasks(layers: readonly Layer[], notes: string[]): void {
  const missing = layersMissingMask(layers).map(({ className, name }) =>
    name === undefined ? className : `${className} "${name}"`,
  );
  if (missing.length === 0) return;
  const list = missing.join(", ");
  notes.push(`the mask does not reach ${list}, as in Keras 3.16; in the Keras of this file it does`);
}

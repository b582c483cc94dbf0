import { recurrentOf } from "../../model/architecture";
import type { Layer } from "../../model/layers";
import type { Dialect } from "./activations";

/** Layers that hand a mask on as it is, here as in Keras and TF.js. */
const passing = ["Dense", "TimeDistributed", "Dropout", "SpatialDropout1D"];

/** A layer of which another library makes something else, and when. */
export interface MaskedOtherwise {
  readonly layer: Layer;
  readonly when: string;
}

/**
 * The layers that get another mask in another library, or make something else of it. Here it goes as in Keras 3.16.
 *
 * Keras before 3.16 has recurrent layers that return sequences hand on the mask that they got. TF.js 4 has a mask that
 * ended reach every layer behind (its executor keeps one `kwargs` for all), takes the mean over masked steps too, and
 * repeats the state at a masked step where Keras's Bidirectional puts zeros.
 */
export function maskedOtherwise(layers: readonly Layer[], inTfjs: boolean): MaskedOtherwise[] {
  let [mask, maskThere] = [false, false];
  return layers.flatMap((layer) => {
    const recurrent = recurrentOf(layer);
    const isMean = layer.className === "GlobalAveragePooling1D";
    const isSequences = recurrent?.returnSequences ?? false;
    const getsOther = !mask && maskThere && (recurrent !== undefined || isMean);
    const makesOther = mask && inTfjs && (isMean || (isSequences && layer.className === "Bidirectional"));
    maskThere = inTfjs ? maskThere || mask : passesMask(layer, maskThere) || (maskThere && isSequences);
    mask = passesMask(layer, mask);
    if (getsOther) return [{ layer, when: "behind a layer that ends a mask" }];
    return makesOther ? [{ layer, when: "with a mask" }] : [];
  });
}

/** Whether a mask leaves the layer: one that it makes, or, in Keras 3.16, the one that it got. */
function passesMask(layer: Layer, mask: boolean): boolean {
  if (layer.className === "Embedding") return layer.maskZero;
  return layer.className === "Masking" || (mask && passing.includes(layer.className));
}

/** Says which layers of a file compute otherwise here. */
export function noteMasks(layers: readonly Layer[], { masks }: Dialect, notes: string[]): void {
  if (masks === "as here") return;
  const list = maskedOtherwise(layers, masks === "TF.js").map(
    ({ layer: { className, name }, when }) => `${className}${name === undefined ? "" : ` "${name}"`} ${when}`,
  );
  if (list.length === 0) return;
  const there = masks === "TF.js" ? masks : "the Keras of this file";
  notes.push(`masks are taken as in Keras 3.16; ${there} predicts otherwise: ${list.join(", ")}`);
}

import { recurrentOf } from "../../model/architecture";
import type { Layer } from "../../model/layers";
import type { Dialect } from "./activations";

/** Layers that hand a mask on as it is, here as in Keras and TF.js. */
const passing = ["Dense", "TimeDistributed", "Dropout", "SpatialDropout1D"];

/** A layer of which another library makes something else, and what it is there. */
export interface MaskedOtherwise {
  readonly layer: Layer;
  readonly what: string;
}

/** Whether a mask leaves the layer: one that it makes, or, in Keras 3.16, the one that it got. */
function passesMask(layer: Layer, mask: boolean): boolean {
  if (layer.className === "Embedding") return layer.maskZero;
  return layer.className === "Masking" || (mask && passing.includes(layer.className));
}

const takesMask = (layer: Layer): boolean =>
  recurrentOf(layer) !== undefined || layer.className === "GlobalAveragePooling1D";

/**
 * The layers that a mask does not reach here, as in Keras 3.16, and does reach in Keras before 3.16: there a recurrent
 * layer that returns sequences hands on the mask that it got.
 */
export function layersMissingMask(layers: readonly Layer[]): Layer[] {
  let [mask, elsewhere] = [false, false];
  return layers.filter((layer) => {
    const misses = elsewhere && !mask && takesMask(layer);
    elsewhere = passesMask(layer, elsewhere) || (elsewhere && handsOn(layer));
    mask = passesMask(layer, mask);
    return misses;
  });
}

const handsOn = (layer: Layer): boolean => recurrentOf(layer)?.returnSequences ?? false;

/**
 * The layers of which TF.js 4 makes something else than Keras and this library: it has a mask that ended reach every
 * layer behind (its executor keeps one `kwargs` for all), takes the mean over masked steps too, and repeats the state
 * at a masked step where Keras's Bidirectional puts zeros.
 */
export function maskedOtherwiseInTfjs(layers: readonly Layer[]): MaskedOtherwise[] {
  let [mask, ended] = [false, false];
  return layers.flatMap((layer) => {
    const what = otherInTfjs(layer, mask, ended);
    const passed = passesMask(layer, mask);
    ended ||= mask && !passed;
    mask = passed;
    return what === undefined ? [] : [{ layer, what }];
  });
}

function otherInTfjs(layer: Layer, mask: boolean, ended: boolean): string | undefined {
  const { className } = layer;
  if (!mask) return ended && takesMask(layer) ? `a ${className} behind a layer that ends a mask` : undefined;
  if (className === "GlobalAveragePooling1D") return "a GlobalAveragePooling1D with a mask";
  const isSequences = className === "Bidirectional" && layer.layer.returnSequences;
  return isSequences ? "a Bidirectional that returns sequences, with a mask" : undefined;
}

/** Says which layers of a file compute otherwise here. */
export function noteMasks(layers: readonly Layer[], { masks }: Dialect, notes: string[]): void {
  if (masks === "as here") return;
  if (masks === "TF.js") {
    const list = maskedOtherwiseInTfjs(layers).map(({ what, layer }) => `${what}${quoted(layer)}`);
    if (list.length > 0)
      notes.push(`masks go as in Keras 3.16; TF.js computes otherwise: ${list.join(", ")}`);
    return;
  }
  const missing = layersMissingMask(layers).map((layer) => `${layer.className}${quoted(layer)}`);
  if (missing.length === 0) return;
  const list = missing.join(", ");
  notes.push(`the mask does not reach ${list}, as in Keras 3.16; in the Keras of this file it does`);
}

const quoted = ({ name }: Layer): string => (name === undefined ? "" : ` "${name}"`);

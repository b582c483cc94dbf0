import type { KernelDeclaration } from "../runtime/kernel";
import {
  narrowFits,
  type ScanBackwardOptions,
  type ScanForwardOptions,
  type ScanPart,
  type ScanShape,
} from "./scan";
import { scanBackwardNarrow } from "./scan-backward-narrow";
import { scanBackwardTiled } from "./scan-backward-tiled";
import { scanBackwardWide } from "./scan-backward-wide";
import { scanForwardNarrow } from "./scan-forward-narrow";
import { scanForwardTiled } from "./scan-forward-tiled";
import { scanForwardWide } from "./scan-forward-wide";
import { narrowSize } from "./shared/narrow";
import { tiledSamples } from "./shared/tiled";

/** The narrow shape has two forms: all products as unrolled text, or in tiles where there are more units. */
export type ScanForm = ScanShape | "tiled";

/** The form in which a shape takes a layer; tiles can be had for small ones too. The shared padding is one segment: too little for the tiles of four. */
export function scanForm(shape: ScanForm, units: number, gates: number, part: ScanPart): ScanForm {
  if (shape === "wide" || (shape === "narrow" && narrowFits(units, gates))) return shape;
  return part === "prefix" ? "wide" : "tiled";
}

/** Samples that a workgroup takes. */
export const samplesOfWorkgroup: Record<ScanForm, number> = {
  narrow: narrowSize,
  tiled: narrowSize * tiledSamples,
  wide: 1,
};

const forward = { narrow: scanForwardNarrow, tiled: scanForwardTiled, wide: scanForwardWide };

export function scanForward(form: ScanForm, options: ScanForwardOptions): KernelDeclaration {
  return forward[form](options);
}

/** @param lanes invocations among which the narrow form shares the samples, for it sums the kernel's gradient too */
export function scanBackward(form: ScanForm, options: ScanBackwardOptions, lanes: number): KernelDeclaration {
  if (form === "narrow") return scanBackwardNarrow(options, lanes);
  return form === "tiled" ? scanBackwardTiled(options) : scanBackwardWide(options);
}

import {
  narrowFits,
  type ScanBackwardOptions,
  type ScanForm,
  type ScanForwardOptions,
  type ScanPart,
} from "./scan";
import { scanBackwardNarrow } from "./scan-backward-narrow";
import { scanBackwardTiled } from "./scan-backward-tiled";
import { scanBackwardWide } from "./scan-backward-wide";
import { scanForwardNarrow } from "./scan-forward-narrow";
import { scanForwardTiled } from "./scan-forward-tiled";
import { scanForwardWide } from "./scan-forward-wide";
import type { SizedKernel } from "./shared/frame";

/**
 * The form in which a shape takes a layer; tiles can be had for small ones too. The shared padding is one segment: too
 * little for the tiles of four.
 */
export function scanForm(shape: ScanForm, units: number, gates: number, part: ScanPart): ScanForm {
  if (shape === "wide" || (shape === "narrow" && narrowFits(units, gates))) return shape;
  return part === "prefix" ? "wide" : "tiled";
}

const forward = { narrow: scanForwardNarrow, tiled: scanForwardTiled, wide: scanForwardWide };

export function scanForward(form: ScanForm, options: ScanForwardOptions): SizedKernel {
  return forward[form](options);
}

/** @param lanes invocations among which the narrow form shares the samples, for it sums the kernel's gradient too */
export function scanBackward(form: ScanForm, options: ScanBackwardOptions, lanes: number): SizedKernel {
  if (form === "narrow") return scanBackwardNarrow(options, lanes);
  return form === "tiled" ? scanBackwardTiled(options) : scanBackwardWide(options);
}

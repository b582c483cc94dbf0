import { chunkWords, packChunk, type ScanPart, type SizedKernel } from "../../kernels";
import { write } from "../../runtime/arena";
import type { Tensor } from "../../runtime/tensor";
import type { Recorder, ScanSteps } from "./recorder";

/** One dispatch of a scan. */
export interface ScanDispatch {
  part: ScanPart;
  /** Whether no later chunk follows. */
  last: boolean;
  /** The kernels' `chunk`. */
  chunk: Tensor;
  /** The kernel that takes it: with its grid where some sample reaches into the chunk, or `always`, none elsewhere. */
  over: (kernel: SizedKernel, always?: boolean) => SizedKernel;
}

/** Cuts a time loop of up to `steps` steps into chunks of `chunkSteps`. */
export function cutSteps(steps: number, chunkSteps: number): ScanSteps[] {
  const count = Math.max(1, Math.ceil(steps / chunkSteps));
  return Array.from({ length: count }, (_, i) => ({
    begin: i * chunkSteps,
    end: i === count - 1 ? Infinity : (i + 1) * chunkSteps,
  }));
}

/**
 * The dispatches of a layer's scan forward in time, in their order; backward in time it is the opposite. The shared
 * padding comes first, then the samples that branch off it.
 */
export function scanDispatches({ arena, layout, chunks }: Recorder, reverse: boolean): ScanDispatch[] {
  const parts: ScanPart[] = layout.sharePrefix ? ["prefix", "samples"] : ["all"];
  const dispatches = parts.flatMap((part) => chunks.map((steps) => ({ ...steps, part })));
  const declarations = dispatches.map(({ part, begin }) => ({
    label: `chunk of ${part} from ${begin}`,
    shape: [chunkWords],
    dtype: "u32" as const,
  }));
  return arena.pack("chunks", declarations).map((chunk, i) => {
    const { part, begin, end } = dispatches[i];
    const last = end === Infinity;
    write(arena.device, chunk, packChunk({ begin, end, last, part, reverse }));
    return {
      part,
      last,
      chunk,
      over: (kernel, always = false) => ({
        ...kernel,
        grid: (sizes) => {
          if (!always && begin > 0 && sizes.steps <= begin) return [0];
          return part === "prefix" ? [1] : kernel.grid(sizes);
        },
      }),
    };
  });
}

/** A window of `size` steps that slides over a sequence, `strides` steps at a time. */
export interface WindowOptions {
  size: number;
  strides: number;
  /**
   * `valid`: whole windows only; `same`: nothing beyond the ends, on both sides; `causal`: all of it in front; a number:
   * so much in front, and behind what the windows need.
   */
  padding: "valid" | "same" | "causal" | number;
}

/**
 * WGSL: which steps lie in a window, and which windows hold a step, of a sequence of `steps` steps over which
 * there are `windows` windows. `windowStart` is how many steps the first window begins before the sequence
 * does: where both ends are padded, half of what is missing, the odd step behind.
 */
export function windowFunctions({ size, strides, padding }: WindowOptions): string {
  const start =
    typeof padding === "number"
      ? `${padding}u`
      : {
          valid: "0u",
          same: `(max((windows - 1u) * ${strides}u + ${size}u, steps) - steps) / 2u`,
          causal: `${size - 1}u`,
        }[padding];
  return /* wgsl */ `struct Range {
  begin: u32,
  end: u32,
}

fn windowStart(steps: u32, windows: u32) -> u32 { return ${start}; }

fn stepsOf(window: u32, steps: u32, windows: u32) -> Range {
  let first = window * ${strides}u;
  let start = windowStart(steps, windows);
  return Range(max(first, start) - start, min(first + ${size}u - start, steps));
}

fn windowsOf(t: u32, steps: u32, windows: u32) -> Range {
  let last = t + windowStart(steps, windows);
  return Range((max(last + 1u, ${size}u) - ${size}u + ${strides - 1}u) / ${strides}u, min(last / ${strides}u + 1u, windows));
}`;
}

import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";
import { maskedStep, type Masked } from "./shared/mask";

export interface GlobalPooling1dOptions {
  /** Columns J. */
  width: number;
  /** What is taken over the steps. */
  of: "mean" | "max";
  /** Steps that the mean leaves out; the largest value is that of all steps, as in Keras. */
  masked: Masked;
}

/**
 * One row of a sample's steps: their mean, zero where all are masked, or the largest value of each column.
 *
 *     mean:  out[b, j] = Σ_t x[b, t, j] / number of steps that are not masked
 *     max:   out[b, j] = max_t x[b, t, j]
 *
 *     segments  [B]
 *     tokens, mask      where masked
 *     x         [N, J]
 *     out       [B, J]  out
 *
 * An invocation per element of `out`.
 */
export function globalPooling1d(options: GlobalPooling1dOptions): SizedKernel {
  const { width, of, masked } = options;
  return elementKernel({
    name: "globalPooling1d",
    constants: { ...options },
    rows: "samples",
    columns: width,
    bindings: {
      x: reads(),
      out: writes(),
    },
    main: wgsl`
  let segment = segments[row];
  let first = (segment.row + 1u) * ${width}u + column;
  #if ${of === "mean"}
  var sum = 0.0;
  var count = 0u;
  for (var t = 0u; t < segment.steps; t++) {
    if (!(${maskedStep(masked)})) {
      sum += x[first + t * ${width}u];
      count++;
    }
  }
  out[id] = sum / f32(max(count, 1u));
  #else
  var largest = x[first];
  for (var t = 1u; t < segment.steps; t++) { largest = max(largest, x[first + t * ${width}u]); }
  out[id] = largest;
  #endif`,
  });
}

/**
 * The derivative of `globalPooling1d`: every step that counts gets its share. For the mean those are the steps that are
 * not masked, for the largest value all steps at which it stands (TensorFlow and JAX divide it among them as well).
 *
 *     dx[b, t, j] = dOut[b, j] / number of steps that count
 *
 *     segments  [B]
 *     tokens, mask      where masked
 *     x         [N, J]  of max
 *     out       [B, J]  of max
 *     dOut      [B, J]
 *     dx        [N, J]  out: zeros in rows before a first step
 *
 * An invocation per sample and column.
 */
export function globalPooling1dGradient(options: GlobalPooling1dOptions): SizedKernel {
  const { width, of, masked } = options;
  const counts = of === "mean" ? `!(${maskedStep(masked)})` : `x[before + (t + 1u) * ${width}u] == out[id]`;
  return elementKernel({
    name: "globalPooling1dGradient",
    constants: { ...options },
    rows: "samples",
    columns: width,
    bindings: {
      x: reads(),
      out: reads(),
      dOut: reads(),
      dx: writes(),
    },
    main: wgsl`
  let segment = segments[row];
  let before = segment.row * ${width}u + column;
  var count = 0u;
  for (var t = 0u; t < segment.steps; t++) { count += select(0u, 1u, ${counts}); }
  let share = dOut[id] / f32(max(count, 1u));
  dx[before] = 0.0;
  for (var t = 0u; t < segment.steps; t++) {
    dx[before + (t + 1u) * ${width}u] = select(0.0, share, ${counts});
  }`,
  });
}

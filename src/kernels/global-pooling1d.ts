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
  /** The sample has steps before these, of which `pooled` tells. */
  resumes?: boolean;
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
 *     pooled    [B, J]  out: (bits of the sum or the largest value, how many steps count or have it); in where it resumes
 *     out       [B, J]  out
 *
 * An invocation per element of `out`.
 */
export function globalPooling1d(options: GlobalPooling1dOptions): SizedKernel {
  const { width, of, masked, resumes = false } = options;
  const mean = of === "mean";
  return elementKernel({
    name: "globalPooling1d",
    constants: { width, of, masked, resumes },
    rows: "samples",
    columns: width,
    bindings: {
      x: reads(),
      pooled: writes("array<vec2u>"),
      out: writes(),
    },
    main: wgsl`
  let segment = segments[row];
  let first = (segment.row + 1u) * ${width}u + column;
  #if ${resumes}
  var value = bitcast<f32>(pooled[id].x);
  var count = pooled[id].y;
  #else
  var value = ${mean ? "0.0" : "x[first]"};
  var count = 0u;
  #endif
  for (var t = 0u; t < segment.steps; t++) {
    #if ${mean}
    if (!(${maskedStep(masked)})) {
      value += x[first + t * ${width}u];
      count++;
    }
    #else
    let next = x[first + t * ${width}u];
    count = select(count, 0u, next > value) + select(0u, 1u, next >= value);
    value = max(value, next);
    #endif
  }
  pooled[id] = vec2u(bitcast<u32>(value), count);
  out[id] = value${mean ? " / f32(max(count, 1u))" : ""};`,
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
 *     pooled    [B, J]
 *     dOut      [B, J]
 *     dx        [N, J]  out: zeros in rows before a first step
 *
 * An invocation per sample and column.
 */
export function globalPooling1dGradient(options: GlobalPooling1dOptions): SizedKernel {
  const { width, of, masked } = options;
  const counts = of === "mean" ? `!(${maskedStep(masked)})` : `x[before + (t + 1u) * ${width}u] == largest`;
  return elementKernel({
    name: "globalPooling1dGradient",
    constants: { width, of, masked },
    rows: "samples",
    columns: width,
    bindings: {
      x: reads(),
      pooled: reads("array<vec2u>"),
      dOut: reads(),
      dx: writes(),
    },
    main: wgsl`
  let segment = segments[row];
  let before = segment.row * ${width}u + column;
  let share = dOut[id] / f32(max(pooled[id].y, 1u));
  #if ${of === "max"}
  let largest = bitcast<f32>(pooled[id].x);
  #endif
  dx[before] = 0.0;
  for (var t = 0u; t < segment.steps; t++) {
    dx[before + (t + 1u) * ${width}u] = select(0.0, share, ${counts});
  }`,
  });
}

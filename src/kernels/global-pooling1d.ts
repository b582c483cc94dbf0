import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { maskBindings, maskedStep, type Masked } from "./shared/mask";
import { segmentStruct, stepStruct } from "./shared/step";

export const globalPooling1dSize = 64;

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
export function globalPooling1d(options: GlobalPooling1dOptions): KernelDeclaration {
  const { width, of, masked } = options;
  const code = wgsl`
${stepStruct}
${segmentStruct}

@compute @workgroup_size(${globalPooling1dSize})
fn main(${gridParameters}) {
  let at = ${linearId(globalPooling1dSize)};
  let sample = at / ${width}u;
  if (sample >= step.samples) { return; }
  let segment = segments[sample];
  let first = (segment.row + 1u) * ${width}u + at % ${width}u;
  #if ${of === "mean"}
  var sum = 0.0;
  var count = 0u;
  for (var t = 0u; t < segment.steps; t++) {
    if (!(${maskedStep(masked)})) {
      sum += x[first + t * ${width}u];
      count++;
    }
  }
  out[at] = sum / f32(max(count, 1u));
  #else
  var largest = x[first];
  for (var t = 1u; t < segment.steps; t++) { largest = max(largest, x[first + t * ${width}u]); }
  out[at] = largest;
  #endif
}`;
  return {
    name: "globalPooling1d",
    constants: { ...options },
    bindings: {
      step: uniform("Step"),
      segments: reads("array<Segment>"),
      ...maskBindings(masked),
      x: reads(),
      out: writes(),
    },
    code,
  };
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
export function globalPooling1dGradient(options: GlobalPooling1dOptions): KernelDeclaration {
  const { width, of, masked } = options;
  const counts = of === "mean" ? `!(${maskedStep(masked)})` : `x[before + (t + 1u) * ${width}u] == out[at]`;
  const code = wgsl`
${stepStruct}
${segmentStruct}

@compute @workgroup_size(${globalPooling1dSize})
fn main(${gridParameters}) {
  let at = ${linearId(globalPooling1dSize)};
  let sample = at / ${width}u;
  if (sample >= step.samples) { return; }
  let segment = segments[sample];
  let before = segment.row * ${width}u + at % ${width}u;
  var count = 0u;
  for (var t = 0u; t < segment.steps; t++) { count += select(0u, 1u, ${counts}); }
  let share = dOut[at] / f32(max(count, 1u));
  dx[before] = 0.0;
  for (var t = 0u; t < segment.steps; t++) {
    dx[before + (t + 1u) * ${width}u] = select(0.0, share, ${counts});
  }
}`;
  return {
    name: "globalPooling1dGradient",
    constants: { ...options },
    bindings: {
      step: uniform("Step"),
      segments: reads("array<Segment>"),
      ...maskBindings(masked),
      ...(of === "max" ? { x: reads(), out: reads() } : {}),
      dOut: reads(),
      dx: writes(),
    },
    code,
  };
}

import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { maskBindings, maskedStep, type Masked } from "./shared/mask";
import { segmentStruct, stepStruct } from "./shared/step";

export const globalAveragePooling1dSize = 64;

/**
 * The mean over a sample's steps, masked ones left out; zero where all are.
 *
 *     out[b, j] = Σ_t x[b, t, j] / number of steps
 *
 *     segments  [B]
 *     tokens, mask      where masked
 *     x         [N, J]
 *     out       [B, J]  out
 *
 * An invocation per element of `out`.
 */
export function globalAveragePooling1d(width: number, masked: Masked): KernelDeclaration {
  const code = wgsl`
${stepStruct}
${segmentStruct}

@compute @workgroup_size(${globalAveragePooling1dSize})
fn main(${gridParameters}) {
  let at = ${linearId(globalAveragePooling1dSize)};
  let sample = at / ${width}u;
  if (sample >= step.samples) { return; }
  let segment = segments[sample];
  let first = (segment.row + 1u) * ${width}u + at % ${width}u;
  var sum = 0.0;
  var count = 0u;
  for (var t = 0u; t < segment.steps; t++) {
    if (!(${maskedStep(masked)})) {
      sum += x[first + t * ${width}u];
      count++;
    }
  }
  out[at] = sum / f32(max(count, 1u));
}`;
  return {
    name: "globalAveragePooling1d",
    constants: { width, masked },
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
 * The derivative of `globalAveragePooling1d`: every step that counts gets its share.
 *
 *     dx[b, t, j] = dOut[b, j] / number of steps
 *
 *     segments  [B]
 *     tokens, mask      where masked
 *     dOut      [B, J]
 *     dx        [N, J]  out: zeros in rows before a first step
 *
 * An invocation per sample and column.
 */
export function globalAveragePooling1dGradient(width: number, masked: Masked): KernelDeclaration {
  const code = wgsl`
${stepStruct}
${segmentStruct}

@compute @workgroup_size(${globalAveragePooling1dSize})
fn main(${gridParameters}) {
  let at = ${linearId(globalAveragePooling1dSize)};
  let sample = at / ${width}u;
  if (sample >= step.samples) { return; }
  let segment = segments[sample];
  let before = segment.row * ${width}u + at % ${width}u;
  #if ${masked !== false}
  var count = 0u;
  for (var t = 0u; t < segment.steps; t++) { count += select(1u, 0u, ${maskedStep(masked)}); }
  #else
  let count = segment.steps;
  #endif
  let share = dOut[at] / f32(max(count, 1u));
  dx[before] = 0.0;
  for (var t = 0u; t < segment.steps; t++) {
    dx[before + (t + 1u) * ${width}u] = select(share, 0.0, ${maskedStep(masked)});
  }
}`;
  return {
    name: "globalAveragePooling1dGradient",
    constants: { width, masked },
    bindings: {
      step: uniform("Step"),
      segments: reads("array<Segment>"),
      ...maskBindings(masked),
      dOut: reads(),
      dx: writes(),
    },
    code,
  };
}

import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { segmentStruct, stepStruct } from "./shared/step";

export const globalAveragePooling1dSize = 64;

/** WGSL: whether a step counts in the mean. */
const counts = (masked: boolean): string => (masked ? "tokens[segment.tokens + t] != 0u" : "true");

/**
 * The mean over a sample's steps, those left out whose token is masked; zero where all are.
 *
 *     out[b, j] = Σ_t x[b, t, j] / number of steps
 *
 *     segments  [B]
 *     tokens            where masked
 *     x         [N, J]
 *     out       [B, J]  out
 *
 * An invocation per element of `out`.
 */
export function globalAveragePooling1d(width: number, masked: boolean): KernelDeclaration {
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
    if (${counts(masked)}) {
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
      ...(masked ? { tokens: reads("array<u32>") } : {}),
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
 *     tokens            where masked
 *     dOut      [B, J]
 *     dx        [N, J]  out: zeros in rows before a first step
 *
 * An invocation per sample and column.
 */
export function globalAveragePooling1dGradient(width: number, masked: boolean): KernelDeclaration {
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
  #if ${masked}
  var count = 0u;
  for (var t = 0u; t < segment.steps; t++) { count += select(0u, 1u, ${counts(masked)}); }
  #else
  let count = segment.steps;
  #endif
  let share = dOut[at] / f32(max(count, 1u));
  dx[before] = 0.0;
  for (var t = 0u; t < segment.steps; t++) {
    dx[before + (t + 1u) * ${width}u] = select(0.0, share, ${counts(masked)});
  }
}`;
  return {
    name: "globalAveragePooling1dGradient",
    constants: { width, masked },
    bindings: {
      step: uniform("Step"),
      segments: reads("array<Segment>"),
      ...(masked ? { tokens: reads("array<u32>") } : {}),
      dOut: reads(),
      dx: writes(),
    },
    code,
  };
}

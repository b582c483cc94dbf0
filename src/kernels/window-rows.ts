import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { segmentStruct, stepStruct } from "./shared/step";
import { windowFunctions, type WindowOptions } from "./shared/windows";

export const windowRowsSize = 64;

export interface WindowRowsOptions extends WindowOptions {
  /** Columns I of the sequence. */
  width: number;
}

/** Values that an invocation takes: whole vectors, where rows consist of them. */
function lanes({ width }: WindowRowsOptions): { across: number; type: string; zero: string } {
  return width % 4 === 0
    ? { across: width / 4, type: "vec4f", zero: "vec4f()" }
    : { across: width, type: "f32", zero: "0.0" };
}

/** Invocations for each row of windows. */
export function windowRowsWidth(options: WindowRowsOptions): number {
  return options.size * lanes(options).across;
}

/** Invocations for each row of the sequence. */
export function windowRowsGradientWidth(options: WindowRowsOptions): number {
  return lanes(options).across;
}

/**
 * Writes every window of a sequence out as one row, so that a convolution is a dense layer on these rows. All
 * samples have equally many steps.
 *
 *     out[s, k·I + i] = x[t(s, k), i],   0 beyond the ends of the sequence
 *
 *     step      of the windows
 *     segments  [B]         of the sequence
 *     x         [N, I]
 *     out       [N', K·I]   out: zeros in rows before a first window
 *
 * An invocation per element of `out`, or per vector of four where I is a multiple of four.
 */
export function windowRows(options: WindowRowsOptions): KernelDeclaration {
  const { across, type, zero } = lanes(options);
  const width = windowRowsWidth(options);
  const code = wgsl`
${stepStruct}
${segmentStruct}
${windowFunctions(options)}

@compute @workgroup_size(${windowRowsSize})
fn main(${gridParameters}) {
  let at = ${linearId(windowRowsSize)};
  let row = at / ${width}u;
  if (row >= step.rows) { return; }
  let place = row % (step.steps + 1u);
  let k = at % ${width}u / ${across}u;
  var value = ${zero};
  if (place > 0u) {
    let segment = segments[row / (step.steps + 1u)];
    let start = windowStart(segment.steps, step.steps);
    let t = (place - 1u) * ${options.strides}u + k;
    if (t >= start && t < segment.steps + start) {
      value = x[(segment.row + 1u + t - start) * ${across}u + at % ${across}u];
    }
  }
  out[at] = value;
}`;
  return {
    name: "windowRows",
    constants: { ...options },
    bindings: {
      step: uniform("Step"),
      segments: reads("array<Segment>"),
      x: reads(`array<${type}>`),
      out: writes(`array<${type}>`),
    },
    code,
  };
}

/**
 * The derivative of `windowRows`: what came to a step in all the windows that hold it.
 *
 *     dx[t, i] = Σ_{s holds t} dWindows[s, k(s, t)·I + i]
 *
 *     step      of the sequence
 *     windows   [B]         segments of the windows
 *     dWindows  [N', K·I]
 *     dx        [N, I]      out: zeros in rows before a first step
 *
 * An invocation per element of `dx`, or per vector of four where I is a multiple of four.
 */
export function windowRowsGradient(options: WindowRowsOptions): KernelDeclaration {
  const { across, type, zero } = lanes(options);
  const width = windowRowsWidth(options);
  const code = wgsl`
${stepStruct}
${segmentStruct}
${windowFunctions(options)}

@compute @workgroup_size(${windowRowsSize})
fn main(${gridParameters}) {
  let at = ${linearId(windowRowsSize)};
  let row = at / ${across}u;
  if (row >= step.rows) { return; }
  let place = row % (step.steps + 1u);
  var sum = ${zero};
  if (place > 0u) {
    let segment = windows[row / (step.steps + 1u)];
    let t = place - 1u;
    let start = windowStart(step.steps, segment.steps);
    let held = windowsOf(t, step.steps, segment.steps);
    for (var s = held.begin; s < held.end; s++) {
      let k = t + start - s * ${options.strides}u;
      sum += dWindows[(segment.row + 1u + s) * ${width}u + k * ${across}u + at % ${across}u];
    }
  }
  dx[at] = sum;
}`;
  return {
    name: "windowRowsGradient",
    constants: { ...options },
    bindings: {
      step: uniform("Step"),
      windows: reads("array<Segment>"),
      dWindows: reads(`array<${type}>`),
      dx: writes(`array<${type}>`),
    },
    code,
  };
}

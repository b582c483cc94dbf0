import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";
import { columnLanes } from "./shared/vectors";
import { windowFunctions, type WindowOptions } from "./shared/windows";

export interface WindowRowsOptions extends WindowOptions {
  /** Columns I of the sequence. */
  width: number;
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
 * An invocation per window and column, or four columns where I is a multiple of four.
 */
export function windowRows(options: WindowRowsOptions): SizedKernel {
  const { size, strides, width } = options;
  const { across, type, zero } = columnLanes(width);
  return elementKernel({
    name: "windowRows",
    constants: { ...options },
    rows: "rows",
    columns: across,
    bindings: {
      x: reads(`array<${type}>`),
      out: writes(`array<${type}>`),
    },
    declarations: [windowFunctions(options)],
    main: wgsl`
  let place = row % (step.steps + 1u);
  let segment = segments[row / (step.steps + 1u)];
  let start = windowStart(segment.steps, step.steps);
  // Steps count from where the first window begins; the row before it finds nothing.
  let first = (max(place, 1u) - 1u) * ${strides}u;
  let end = select(0u, segment.steps + start, place > 0u);
  for (var k = 0u; k < ${size}u; k++) {
    var value = ${zero};
    let t = first + k;
    if (t >= start && t < end) { value = x[(segment.row + 1u + t - start) * ${across}u + column]; }
    out[(row * ${size}u + k) * ${across}u + column] = value;
  }`,
  });
}

/**
 * The derivative of `windowRows`: what came to a step in all the windows that hold it.
 *
 *     dx[t, i] = Σ_{s holds t} dOut[s, k(s, t)·I + i]
 *
 *     step      of the sequence
 *     windows   [B]         segments of the windows
 *     dOut      [N', K·I]
 *     dx        [N, I]      out: zeros in rows before a first step
 *
 * An invocation per step and column, or four columns where I is a multiple of four.
 */
export function windowRowsGradient(options: WindowRowsOptions): SizedKernel {
  const { size, strides, width } = options;
  const { across, type, zero } = columnLanes(width);
  return elementKernel({
    name: "windowRowsGradient",
    constants: { ...options },
    rows: "rows",
    columns: across,
    bindings: {
      windows: reads("array<Segment>"),
      dOut: reads(`array<${type}>`),
      dx: writes(`array<${type}>`),
    },
    declarations: [windowFunctions(options)],
    main: wgsl`
  let place = row % (step.steps + 1u);
  var sum = ${zero};
  if (place > 0u) {
    let segment = windows[row / (step.steps + 1u)];
    let t = place - 1u;
    let start = windowStart(step.steps, segment.steps);
    let held = windowsOf(t, step.steps, segment.steps);
    for (var s = held.begin; s < held.end; s++) {
      let k = t + start - s * ${strides}u;
      sum += dOut[((segment.row + 1u + s) * ${size}u + k) * ${across}u + column];
    }
  }
  dx[id] = sum;`,
  });
}

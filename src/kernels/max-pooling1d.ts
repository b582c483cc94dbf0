import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { segmentStruct, stepStruct } from "./shared/step";
import { columnLanes } from "./shared/vectors";
import { windowFunctions, type WindowOptions } from "./shared/windows";

export const maxPooling1dSize = 64;

export interface MaxPooling1dOptions extends WindowOptions {
  /** Columns I. */
  width: number;
}

/**
 * The largest value of each window, column by column, and at which step it stands: the first among equals.
 * All samples have equally many steps.
 *
 *     out[s, i] = max_{t in window s} x[t, i]
 *
 *     step      of the windows
 *     segments  [B]      of the sequence
 *     x         [N, I]
 *     out       [N', I]  out: zeros in rows before a first window
 *     places    [N', I]  out, where `keep`: the steps t
 *
 * An invocation per window and column, or four columns where I is a multiple of four.
 */
export function maxPooling1d(options: MaxPooling1dOptions, keep: boolean): KernelDeclaration {
  const { across, type, whole, zero } = columnLanes(options.width);
  const code = wgsl`
${stepStruct}
${segmentStruct}
${windowFunctions(options)}

@compute @workgroup_size(${maxPooling1dSize})
fn main(${gridParameters}) {
  let at = ${linearId(maxPooling1dSize)};
  let row = at / ${across}u;
  if (row >= step.rows) { return; }
  let number = row % (step.steps + 1u);
  if (number == 0u) {
    out[at] = ${zero};
    return;
  }
  let segment = segments[row / (step.steps + 1u)];
  let taken = stepsOf(number - 1u, segment.steps, step.steps);
  let first = (segment.row + 1u) * ${across}u + at % ${across}u;
  var place = ${whole}(taken.begin);
  var largest = x[first + taken.begin * ${across}u];
  for (var t = taken.begin + 1u; t < taken.end; t++) {
    let value = x[first + t * ${across}u];
    place = select(place, ${whole}(t), value > largest);
    largest = select(largest, value, value > largest);
  }
  out[at] = largest;
  #if ${keep}
  places[at] = place;
  #endif
}`;
  return {
    name: "maxPooling1d",
    constants: { ...options, keep },
    bindings: {
      step: uniform("Step"),
      segments: reads("array<Segment>"),
      x: reads(`array<${type}>`),
      out: writes(`array<${type}>`),
      ...(keep ? { places: writes(`array<${whole}>`) } : {}),
    },
    code,
  };
}

/**
 * The derivative of `maxPooling1d`: each window's goes to where its largest value stands.
 *
 *     dx[t, i] = Σ_{s holds t} [places[s, i] = t] · dOut[s, i]
 *
 *     step      of the sequence
 *     windows   [B]      segments of the windows
 *     places    [N', I]
 *     dOut      [N', I]
 *     dx        [N, I]   out: zeros in rows before a first step
 *
 * An invocation per step and column, or four columns where I is a multiple of four.
 */
export function maxPooling1dGradient(options: MaxPooling1dOptions): KernelDeclaration {
  const { across, type, whole, zero } = columnLanes(options.width);
  const code = wgsl`
${stepStruct}
${segmentStruct}
${windowFunctions(options)}

@compute @workgroup_size(${maxPooling1dSize})
fn main(${gridParameters}) {
  let at = ${linearId(maxPooling1dSize)};
  let row = at / ${across}u;
  if (row >= step.rows) { return; }
  let number = row % (step.steps + 1u);
  var sum = ${zero};
  if (number > 0u) {
    let segment = windows[row / (step.steps + 1u)];
    let t = number - 1u;
    let first = (segment.row + 1u) * ${across}u + at % ${across}u;
    let held = windowsOf(t, step.steps, segment.steps);
    for (var s = held.begin; s < held.end; s++) {
      let window = first + s * ${across}u;
      sum += select(${zero}, dOut[window], places[window] == ${whole}(t));
    }
  }
  dx[at] = sum;
}`;
  return {
    name: "maxPooling1dGradient",
    constants: { ...options },
    bindings: {
      step: uniform("Step"),
      windows: reads("array<Segment>"),
      places: reads(`array<${whole}>`),
      dOut: reads(`array<${type}>`),
      dx: writes(`array<${type}>`),
    },
    code,
  };
}

import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";
import { columnLanes } from "./shared/vectors";
import { windowFunctions, type WindowOptions } from "./shared/windows";

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
export function maxPooling1d(options: MaxPooling1dOptions, keep: boolean): SizedKernel {
  const { across, type, whole, zero } = columnLanes(options.width);
  return elementKernel({
    name: "maxPooling1d",
    constants: { ...options, keep },
    rows: "rows",
    columns: across,
    bindings: {
      x: reads(`array<${type}>`),
      out: writes(`array<${type}>`),
      places: writes(`array<${whole}>`),
    },
    declarations: [windowFunctions(options)],
    main: wgsl`
  let number = row % (step.steps + 1u);
  if (number == 0u) {
    out[id] = ${zero};
    return;
  }
  let segment = segments[row / (step.steps + 1u)];
  let taken = stepsOf(number - 1u, segment.steps, step.steps);
  let first = (segment.row + 1u) * ${across}u + column;
  var place = ${whole}(taken.begin);
  var largest = x[first + taken.begin * ${across}u];
  for (var t = taken.begin + 1u; t < taken.end; t++) {
    let value = x[first + t * ${across}u];
    place = select(place, ${whole}(t), value > largest);
    largest = select(largest, value, value > largest);
  }
  out[id] = largest;
  #if ${keep}
  places[id] = place;
  #endif`,
  });
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
export function maxPooling1dGradient(options: MaxPooling1dOptions): SizedKernel {
  const { across, type, whole, zero } = columnLanes(options.width);
  return elementKernel({
    name: "maxPooling1dGradient",
    constants: { ...options },
    rows: "rows",
    columns: across,
    bindings: {
      windows: reads("array<Segment>"),
      places: reads(`array<${whole}>`),
      dOut: reads(`array<${type}>`),
      dx: writes(`array<${type}>`),
    },
    declarations: [windowFunctions(options)],
    main: wgsl`
  let number = row % (step.steps + 1u);
  var sum = ${zero};
  if (number > 0u) {
    let segment = windows[row / (step.steps + 1u)];
    let t = number - 1u;
    let first = (segment.row + 1u) * ${across}u + column;
    let held = windowsOf(t, step.steps, segment.steps);
    for (var s = held.begin; s < held.end; s++) {
      let window = first + s * ${across}u;
      sum += select(${zero}, dOut[window], places[window] == ${whole}(t));
    }
  }
  dx[id] = sum;`,
  });
}

import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { inputRowFunction } from "./linear";
import { gridParameters, linearId } from "./shared/grid";
import { keptFunction } from "./shared/random";
import { segmentStruct, stepStruct } from "./shared/step";

export const dropoutSize = 64;

export interface DropoutOptions {
  /** Columns J. */
  width: number;
  /** Share of the values to drop; 0 copies. */
  rate: number;
  /** Tells one layer's random numbers from another's. */
  stream: number;
  /** Which input row gives output row r: `same` row r; `last` the last state of sample r. */
  rows: "same" | "last";
  count: "rows" | "samples";
  /** Number of the first sample's segment. */
  first: number;
}

/**
 * Dropout (Srivastava et al. 2014), forward, and backward on the derivatives: the same random numbers are
 * drawn again.
 *
 *     out[r, j] = x[inputRow(r), j] · kept(r, j)
 *
 *     segments  [S]     where only the last states are taken
 *     x         [·, J]
 *     out       [·, J]  out
 *
 * An invocation per element.
 */
export function dropout(options: DropoutOptions): KernelDeclaration {
  const { width, rate, stream, rows, count } = options;
  // A sample of T steps takes T + 1 rows; `kept` adds one for each sample before.
  const number = count === "rows" ? "row + step.before * step.steps" : "row";
  const code = wgsl`
${stepStruct}
${segmentStruct}
${inputRowFunction(options)}
${keptFunction(rate)}

@compute @workgroup_size(${dropoutSize})
fn main(${gridParameters}) {
  let at = ${linearId(dropoutSize)};
  let row = at / ${width}u;
  let j = at % ${width}u;
  if (row >= step.${count}) { return; }
  let value = x[inputRow(row) * ${width}u + j];
  out[at] = ${rate > 0 ? `value * kept(step.seed, ${stream}u, ${number}, j)` : "value"};
}`;
  return {
    name: "dropout",
    constants: { ...options },
    bindings: {
      step: uniform("Step"),
      ...(rows === "last" ? { segments: reads("array<Segment>") } : {}),
      x: reads(),
      out: writes(),
    },
    code,
  };
}

/**
 * Dropout of whole features: what is dropped in one step of a sample is dropped in all of them
 * (`spatialDropout1d`, and the input dropout of recurrent layers). Forward, and backward on the derivatives.
 *
 *     out[row, j] = x[row, j] · kept(sample of row, j)      or out[row, j] += …
 *
 *     segments  [S]
 *     x         [N, J]
 *     out       [N, J]  out
 *
 * An invocation per segment and column.
 */
export function featureDropout(
  width: number,
  rate: number,
  stream: number,
  accumulate = false,
): KernelDeclaration {
  const code = wgsl`
${stepStruct}
${segmentStruct}
${keptFunction(rate)}

@compute @workgroup_size(${dropoutSize})
fn main(${gridParameters}) {
  let at = ${linearId(dropoutSize)};
  let number = at / ${width}u;
  let j = at % ${width}u;
  if (number >= step.segments) { return; }
  let segment = segments[number];
  let factor = ${rate > 0 ? `kept(step.seed, ${stream}u, number, j)` : "1.0"};
  for (var row = segment.row; row <= segment.row + segment.steps; row++) {
    out[row * ${width}u + j] ${accumulate ? "+=" : "="} x[row * ${width}u + j] * factor;
  }
}`;
  return {
    name: "featureDropout",
    constants: { width, rate, stream, accumulate },
    bindings: { step: uniform("Step"), segments: reads("array<Segment>"), x: reads(), out: writes() },
    code,
  };
}

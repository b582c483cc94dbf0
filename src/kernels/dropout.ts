import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";
import { inputRowFunction } from "./shared/input-row";
import { keptFunction } from "./shared/random";

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
export function dropout(options: DropoutOptions): SizedKernel {
  const { width, rate, stream, count } = options;
  // A sample of T steps takes T + 1 rows; `kept` adds one for each sample before.
  const number = count === "rows" ? "row + step.earlier" : "row";
  return elementKernel({
    name: "dropout",
    constants: { ...options },
    rows: count,
    columns: width,
    bindings: {
      x: reads(),
      out: writes(),
    },
    declarations: [inputRowFunction(options), keptFunction(rate)],
    main: wgsl`
  let value = x[inputRow(row) * ${width}u + column];
  out[id] = ${rate > 0 ? `value * kept(step.seed, ${stream}u, ${number}, column)` : "value"};`,
  });
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
export function featureDropout(width: number, rate: number, stream: number, accumulate = false): SizedKernel {
  return elementKernel({
    name: "featureDropout",
    constants: { width, rate, stream, accumulate },
    rows: "segments",
    columns: width,
    bindings: { x: reads(), out: writes() },
    declarations: [keptFunction(rate)],
    main: wgsl`
  let segment = segments[row];
  let factor = ${rate > 0 ? `kept(step.seed, ${stream}u, row, column)` : "1.0"};
  for (var r = segment.row; r <= segment.row + segment.steps; r++) {
    out[r * ${width}u + column] ${accumulate ? "+=" : "="} x[r * ${width}u + column] * factor;
  }`,
  });
}

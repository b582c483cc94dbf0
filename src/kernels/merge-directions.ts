import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";
import { maskedStep, type Masked } from "./shared/mask";

export interface MergeOptions {
  units: number;
  mode: "concat" | "sum" | "mul" | "ave";
  /** Every step of both, or their last states only. */
  sequences: boolean;
  /** Which steps give zeros (sequences only). */
  masked: Masked;
}

/** WGSL: where the two directions keep a step's states, and where its merged output lies. */
function places({ units, mode, sequences }: MergeOptions): string {
  const width = mode === "concat" ? 2 * units : units;
  return sequences
    ? `let ahead = (segment.row + 1u + t) * ${units}u + column;
    let back = (segment.row + segment.steps - t) * ${units}u + column;
    let to = (segment.row + 1u + t) * ${width}u + column;`
    : `let ahead = (segment.row + segment.steps) * ${units}u + column;
    let back = ahead;
    let to = row * ${width}u + column;`;
}

/** WGSL: the loop over the steps of a segment, or its single turn. */
const turns = (sequences: boolean): string => (sequences ? "for (var t = 0u; t < segment.steps; t++)" : "");

/** Last states have no mask. */
const maskOf = ({ sequences, masked }: MergeOptions): Masked => sequences && masked;

/**
 * Makes one output of the two directions of a bidirectional layer.
 *
 *     out_t = [f_t, b_t]  or  f_t + b_t,  f_t ⊙ b_t,  (f_t + b_t) / 2
 *
 * The layer that ran backwards keeps its states in the order in which it computed them: step t of T lies in
 * row T - t of its segment.
 *
 *     segments  [S]
 *     tokens, mask   where masked steps give zeros
 *     f, b      [N, U]
 *     out       [N or B, U or 2·U]  out
 *
 * An invocation per segment and unit.
 */
export function mergeDirections(options: MergeOptions): SizedKernel {
  const { units, mode, sequences } = options;
  const stored = {
    concat: `out[to] = x; out[to + ${units}u] = y;`,
    sum: "out[to] = x + y;",
    mul: "out[to] = x * y;",
    ave: "out[to] = 0.5 * (x + y);",
  }[mode];
  const width = mode === "concat" ? 2 * units : units;
  return elementKernel({
    name: "mergeDirections",
    constants: { ...options },
    rows: "segments",
    columns: units,
    bindings: {
      f: reads(),
      b: reads(),
      out: writes(),
    },
    main: wgsl`
  let segment = segments[row];
  #if ${sequences}
  out[segment.row * ${width}u + column] = 0.0;
  ${mode === "concat" ? `out[segment.row * ${width}u + ${units}u + column] = 0.0;` : ""}
  #endif
  ${turns(sequences)} {
    ${places(options)}
    let skip = ${maskedStep(maskOf(options))};
    let x = select(f[ahead], 0.0, skip);
    let y = select(b[back], 0.0, skip);
    ${stored}
  }`,
  });
}

/**
 * The derivative of `mergeDirections`.
 *
 *     concat: df, db = the two halves of dOut      sum: both dOut      ave: both dOut / 2
 *     mul: df = dOut ⊙ b, db = dOut ⊙ f
 *
 *     dOut    [N or B, U or 2·U]
 *     f, b    [N, U]              where they are multiplied
 *     df, db  [N or B, U]         out: each in its layer's own order
 *
 * An invocation per segment and unit.
 */
export function mergeDirectionsGradient(options: MergeOptions): SizedKernel {
  const { units, mode, sequences } = options;
  const stored = {
    concat: `df[toF] = dOut[to]; db[toB] = dOut[to + ${units}u];`,
    sum: "df[toF] = dOut[to]; db[toB] = dOut[to];",
    mul: "df[toF] = dOut[to] * b[back]; db[toB] = dOut[to] * f[ahead];",
    ave: "df[toF] = 0.5 * dOut[to]; db[toB] = 0.5 * dOut[to];",
  }[mode];
  return elementKernel({
    name: "mergeDirectionsGradient",
    constants: { ...options },
    rows: "segments",
    columns: units,
    bindings: {
      dOut: reads(),
      f: reads(),
      b: reads(),
      df: writes(),
      db: writes(),
    },
    main: wgsl`
  let segment = segments[row];
  #if ${sequences}
  df[segment.row * ${units}u + column] = 0.0;
  db[segment.row * ${units}u + column] = 0.0;
  #endif
  ${turns(sequences)} {
    ${places(options)}
    let toF = ${sequences ? "ahead" : "id"};
    let toB = ${sequences ? "back" : "toF"};
    if (${maskedStep(maskOf(options))}) {
      df[toF] = 0.0;
      db[toB] = 0.0;
    } else {
      ${stored}
    }
  }`,
  });
}

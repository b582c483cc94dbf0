import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";

/**
 * Lays a sample's steps side by side, the row before the first one left out.
 *
 *     out[b, t·I + i] = x[row + 1 + t, i]
 *
 *     segments  [B]
 *     x         [N, I]
 *     out       [B, T·I]  out
 *
 * An invocation per element of `out`.
 *
 * @param width columns I
 * @param steps T, of every sample
 */
export function flatten(width: number, steps: number): SizedKernel {
  const columns = width * steps;
  return elementKernel({
    name: "flatten",
    constants: { width, steps },
    rows: "samples",
    columns,
    bindings: { x: reads(), out: writes() },
    main: wgsl`
  out[id] = x[(segments[row].row + 1u) * ${width}u + column];`,
  });
}

/**
 * The derivative of `flatten`.
 *
 *     dx[row + 1 + t, i] = dOut[b, t·I + i],   dx[row] = 0
 *
 *     dOut  [B, T·I]
 *     dx    [N, I]    out: segments of T + 1 rows, one after another
 *
 * An invocation per element of `dx`.
 */
export function flattenGradient(width: number, steps: number): SizedKernel {
  return elementKernel({
    name: "flattenGradient",
    constants: { width, steps },
    rows: "rows",
    columns: width,
    bindings: { dOut: reads(), dx: writes() },
    main: wgsl`
  var value = 0.0;
  if (row % ${steps + 1}u > 0u) { value = dOut[id - (row / ${steps + 1}u + 1u) * ${width}u]; }
  dx[id] = value;`,
  });
}

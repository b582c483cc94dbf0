import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";

/**
 * Marks the steps all of whose features are the mask value, and makes zeros of them.
 *
 *     mask[r] = 1 if some x[r, j] ≠ value, else 0
 *     out[r] = mask[r]·x[r]
 *
 *     x     [N, J]
 *     mask  [N]     out
 *     out   [N, J]  out
 *
 * An invocation per row.
 *
 * @param value a float32
 */
export function masking(width: number, value: number): SizedKernel {
  return elementKernel({
    name: "masking",
    constants: { width, value },
    rows: "rows",
    bindings: {
      x: reads(),
      mask: writes("array<u32>"),
      out: writes(),
    },
    main: wgsl`
  let begin = row * ${width}u;
  var counts = false;
  for (var j = 0u; j < ${width}u; j++) { counts = counts || x[begin + j] != ${value}f; }
  mask[row] = select(0u, 1u, counts);
  for (var j = 0u; j < ${width}u; j++) { out[begin + j] = select(0.0, x[begin + j], counts); }`,
  });
}

/**
 * The derivative of `masking`: that of the steps that count.
 *
 *     dx[r] = mask[r]·dOut[r]
 *
 *     mask  [N]
 *     dOut  [N, J]
 *     dx    [N, J]  out
 *
 * An invocation per element.
 */
export function maskingGradient(width: number): SizedKernel {
  return elementKernel({
    name: "maskingGradient",
    constants: { width },
    rows: "rows",
    columns: width,
    bindings: {
      dOut: reads(),
      dx: writes(),
    },
    main: wgsl`
  dx[id] = select(0.0, dOut[id], mask[row] == 1u);`,
  });
}

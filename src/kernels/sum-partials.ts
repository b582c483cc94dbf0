import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";

/** Elements of a partial sum: rows padded to vectors of four. */
export function partialLength(rows: number, columns: number): number {
  return rows * Math.ceil(columns / 4) * 4;
}

/** Where the sums go: columns `first`, … of a kernel with rows of `stride`, elements `biasFirst`, … of a bias. */
export interface PartialsTarget {
  stride: number;
  first: number;
  biasFirst: number;
}

/**
 * Adds up the partial sums of a kernel's gradient, and of its bias's below it, in their order.
 *
 *     kernel[k, j] = Σ_c partials[c, k, j],   bias[j] = Σ_c partials[c, K, j]
 *
 *     partials  [chunks, K (+1), J]  rows padded to vectors of four
 *     kernel    [K, ·]  out: columns `first`, …
 *     bias      [·]     out, where there is one: elements `biasFirst`, …
 *
 * An invocation per element.
 */
export function sumPartials(
  rows: number,
  columns: number,
  useBias: boolean,
  chunks: number,
  { stride, first, biasFirst }: PartialsTarget = { stride: columns, first: 0, biasFirst: 0 },
): SizedKernel {
  const allRows = rows + (useBias ? 1 : 0);
  const length = partialLength(allRows, columns);
  return elementKernel({
    name: "sumPartials",
    constants: { rows, columns, useBias, chunks, stride, first, biasFirst },
    rows: allRows,
    columns,
    bindings: {
      partials: reads(),
      kernel: writes(),
      bias: writes(),
    },
    main: wgsl`
  let element = row * ${partialLength(1, columns)}u + column;
  var sum = 0.0;
  for (var chunk = 0u; chunk < ${chunks}u; chunk++) { sum += partials[chunk * ${length}u + element]; }
  #if ${useBias}
  if (row == ${rows}u) {
    bias[${biasFirst}u + column] = sum;
    return;
  }
  #endif
  kernel[row * ${stride}u + ${first}u + column] = sum;`,
  });
}

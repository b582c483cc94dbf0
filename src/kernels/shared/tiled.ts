import { unroll } from "../../runtime/wgsl";

/** Samples of an invocation in the tiled kernels: a vector holds a unit of each of them. */
export const tiledSamples = 4;

/** Columns of a matrix that are summed at a time. */
const tileColumns = 16;

/** Names `prefix0` to `prefix3`, one for each of an invocation's samples. */
export const slots = Array.from({ length: tiledSamples }, (_, i) => i);

/** WGSL: a vector of four, a component for each sample. */
export const ofSamples = (value: (slot: number) => string): string => `vec4f(${slots.map(value).join(", ")})`;

/** Units of a tile whose products take so many columns each. */
export const tileUnits = (columns: number): number => Math.max(1, Math.floor(tileColumns / columns));

/**
 * WGSL: `sums[i · columns + c]` = Σ_k values[k] · element(k, unit i, c) for the tile's units `first` + i. The sums stay
 * in registers while k runs: a value, and an element, is loaded once for a whole tile.
 *
 * @param columns of the product for each unit: its gates, or one
 * @param count of the sum's terms
 * @param units of a tile; those beyond the last unit are computed as copies of it
 * @param element WGSL for an element of the matrix, of the WGSL expressions k and unit
 */
export function tileProduct({
  columns,
  count,
  units,
  last,
  values,
  element,
}: {
  columns: readonly number[];
  count: number;
  units: number;
  last: number;
  values: string;
  element: (k: string, unit: string, column: number) => string;
}): string {
  if (columns.length === 0) return "";
  const each = (line: (i: number, column: number) => string): string =>
    unroll(units, (i) => columns.map((column) => line(i, column)).join(" "));
  return `{
    ${unroll(units, (i) => `let unit${i} = min(first + ${i}u, ${last}u);`)}
    ${each((i, column) => `var sum${i}_${column} = vec4f();`)}
    for (var k = 0u; k < ${count}u; k++) {
      let v = ${values}[k];
      ${each((i, column) => `sum${i}_${column} += v * ${element("k", `unit${i}`, column)};`)}
    }
    ${each((i, column) => `sums[${i * columns.length + columns.indexOf(column)}] = sum${i}_${column};`)}
  }`;
}

import { reads, writes } from "../runtime/kernel";
import { workgroups } from "../runtime/program";
import { unroll, wgsl } from "../runtime/wgsl";
import { inputRowFunction, type InputRowOptions } from "./shared/input-row";
import { kernel, type SizedKernel } from "./shared/frame";
import { partConstants, type TablePart } from "./shared/table-part";
import { partialLength } from "./sum-partials";

/** With the row of `x` that met row r of `dz` in the forward pass. */
export interface WeightGradientOptions extends InputRowOptions {
  /** Columns K of `x` and J of `dz` that are taken. */
  inputs: number;
  outputs: number;
  /** Columns of a whole row of `dz`, and the first that is taken; J and 0 where left out. */
  stride?: number;
  offset?: number;
  count: "rows" | "samples" | "tasks";
  useBias: boolean;
  /** Into how many partial sums the rows are cut. */
  chunks: number;
}

/** Lanes of a workgroup; each takes a tile of 4 × 4 elements of the gradient. */
const size = 64;

/** Rows whose loads are begun together: a GPU takes longer to load a row than to add its products. */
const rowsAtOnce = 4;

/**
 * The gradient of a kernel and its bias, as partial sums over chunks of rows, added up by `sumPartials`.
 * Rows are summed in a fixed order, so the result is the same bits in every run.
 *
 *     partials[c] = Σ_{r in chunk c} x[inputRow(r)]ᵀ·dz[r],   last row: Σ_r dz[r]
 *
 *     segments, taskTokens       where `rows` needs them
 *     x         [·, K]      or wider rows, of which the columns are taken that `part` tells
 *     dz        [·, J]      or wider rows, of which columns `offset`, … are taken
 *     partials  [chunks, K (+1), J]  out: rows padded to vectors of four
 *
 * An invocation per tile of 4 × 4 elements, chunk after chunk; a workgroup has tiles of one chunk.
 */
export function weightGradient(options: WeightGradientOptions, part?: TablePart): SizedKernel {
  const { inputs, outputs: J, stride = J, offset = 0, count, useBias, chunks } = options;
  const { first, rows: K } = part ?? { first: 0, rows: inputs };
  const x = vectorOf("x", "inputRow(r)", inputs, first, K);
  const dz = vectorOf("dz", "r", stride, offset, J);
  const across = Math.ceil(J / 4);
  const down = Math.ceil(K / 4);
  // Tiles of 4 × 4 elements that cover the kernel; with a bias, one more row of tiles.
  const tiles = (down + (useBias ? 1 : 0)) * across;
  /** Workgroups of a chunk of rows. */
  const groups = Math.ceil(tiles / size);
  const main = wgsl`
  let chunk = group / ${groups}u;
  let tile = group % ${groups}u * ${size}u + lane;
  if (chunk >= ${chunks}u || tile >= ${tiles}u) { return; }
  let tileRow = tile / ${across}u;
  let tileColumn = tile % ${across}u;
  let length = (step.${count} + ${chunks - 1}u) / ${chunks}u;
  let begin = chunk * length;
  let end = min(begin + length, step.${count});
  ${unroll(4, (i) => `var sum${i} = vec4f();`)}
  for (var r = begin; r < end; r += ${rowsAtOnce}u) {
    // Those beyond the end are loaded for nothing.
    ${unroll(rowsAtOnce, (row) => `let d${row} = derivatives(r + ${row}u, tileColumn);`)}
    #if ${useBias}
    ${unroll(rowsAtOnce, (row) => `var v${row} = vec4f(1.0, 0.0, 0.0, 0.0);`)}
    if (tileRow < ${down}u) { ${unroll(rowsAtOnce, (row) => `v${row} = inputs(r + ${row}u, tileRow);`)} }
    #else
    ${unroll(rowsAtOnce, (row) => `let v${row} = inputs(r + ${row}u, tileRow);`)}
    #endif
    ${unroll(rowsAtOnce, (row) => `if (r + ${row}u < end) { ${unroll(4, (i) => `sum${i} += v${row}[${i}] * d${row};`)} }`)}
  }
  let base = chunk * ${partialLength(K + (useBias ? 1 : 0), J) / 4}u + tileColumn;
  // The bias lies in the row right below the kernel, also where K is no multiple of four.
  let isBias = tileRow == ${down}u;
  let top = select(tileRow * 4u, ${K}u, isBias);
  let bottom = select(${K}u, ${K + 1}u, isBias);
  ${unroll(4, (i) => `if (top + ${i}u < bottom) { partials[base + (top + ${i}u) * ${across}u] = sum${i}; }`)}`;
  return kernel({
    name: "weightGradient",
    constants: { ...options, ...partConstants(part) },
    bindings: {
      x: reads(x.type),
      dz: reads(dz.type),
      partials: writes("array<vec4f>"),
    },
    grid: () => workgroups(groups * chunks),
    workgroupSize: size,
    declarations: [
      inputRowFunction(options),
      `fn inputs(r: u32, tile: u32) -> vec4f { ${x.body} }`,
      `fn derivatives(r: u32, tile: u32) -> vec4f { ${dz.body} }`,
    ],
    main,
  });
}

/** WGSL, body of a function: vector `tile` of the `width` columns from `first` on of a row of `stride`; zeros beyond the last. */
function vectorOf(
  name: string,
  row: string,
  stride: number,
  first: number,
  width: number,
): { type: string; body: string } {
  const whole = [stride, first, width].every((size) => size % 4 === 0);
  const [type, size] = whole ? ["array<vec4f>", 4] : ["array<f32>", 1];
  const element = (c: number): string =>
    `select(0.0, ${name}[base + tile * 4u + ${c}u], tile * 4u + ${c}u < ${width}u)`;
  const vector = whole ? `${name}[base + tile]` : `vec4f(${[0, 1, 2, 3].map(element).join(", ")})`;
  return { type, body: `let base = ${row} * ${stride / size}u + ${first / size}u; return ${vector};` };
}

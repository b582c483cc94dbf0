import { reads, writes } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import { activationFunctions, type Activation } from "./shared/activation";
import { kernel, workgroupsFor, type SizedKernel } from "./shared/frame";
import { inputRowFunction } from "./shared/input-row";
import { partConstants, type TablePart } from "./shared/table-part";

const linearSize = 64;

/** Rows and columns of `out` that an invocation of `linear` takes. */
const linearTile = 4;

export interface LinearOptions {
  /** Columns K of the input and J of the output. */
  inputs: number;
  outputs: number;
  useBias: boolean;
  activation: Activation;
  /** Which input row gives output row r. */
  rows: "same" | "last";
  /** How many rows there are. */
  count: "rows" | "samples";
  /** Number of the first sample's segment. */
  first: number;
  /** The kernel lies transposed, [J, K]: the derivative of a layer by its input. */
  transposed: boolean;
  /** Begin the sums with what `out` holds. */
  accumulate: boolean;
}

/**
 * A dense layer, the input projection of a recurrent layer that follows another one, or the derivative of
 * either by its input (`transposed`: x is then the derivative by the sums).
 *
 *     out[r] = activation(x[inputRow(r)]·kernel + bias)
 *
 * Of a kernel in parts, a part takes as many columns of `x` as it has rows; transposed, it gives as many of `out`.
 *
 *     segments  [S]     where only the last states are taken
 *     x         [·, K]
 *     kernel    [K, J]  or [J, K]
 *     bias      [J]     where the layer has one
 *     out       [·, J]  out
 *
 * An invocation per tile of 4 × 4 elements of `out`: each value it loads serves four products.
 */
export function linear(options: LinearOptions, part?: TablePart): SizedKernel {
  const { inputs, outputs, useBias, count, transposed, accumulate } = options;
  const { first, rows } = part ?? { first: 0, rows: transposed ? outputs : inputs };
  const [K, firstInput] = transposed ? [inputs, 0] : [rows, first];
  const [J, firstOutput] = transposed ? [rows, first] : [outputs, 0];
  const across = Math.ceil(J / linearTile);
  const element = transposed ? `kernel[column * ${K}u + k]` : `kernel[k * ${J}u + column]`;
  const ofColumns = (value: (column: string) => string): string =>
    `vec4f(${[0, 1, 2, 3].map((c) => value(`column${c}`)).join(", ")})`;
  const start = (i: number): string => {
    if (accumulate) return ofColumns((column) => `out[to${i} + ${column}]`);
    return useBias ? ofColumns((column) => `bias[${column}]`) : "vec4f()";
  };
  const main = wgsl`
  let top = id / ${across}u * ${linearTile}u;
  let left = id % ${across}u * ${linearTile}u;
  if (top >= step.${count}) { return; }
  // Rows and columns beyond the end are computed as copies of the last and not stored.
  ${unroll(4, (i) => `let row${i} = min(top + ${i}u, step.${count} - 1u);`)}
  ${unroll(4, (i) => `let base${i} = inputRow(row${i}) * ${inputs}u + ${firstInput}u;`)}
  ${unroll(4, (i) => `let to${i} = row${i} * ${outputs}u + ${firstOutput}u;`)}
  ${unroll(4, (i) => `let column${i} = min(left + ${i}u, ${J - 1}u);`)}
  ${unroll(4, (i) => `var sum${i} = ${start(i)};`)}
  for (var k = 0u; k < ${K}u; k++) {
    let w = ${ofColumns((column) => `weight(k, ${column})`)};
    ${unroll(4, (i) => `sum${i} += x[base${i} + k] * w;`)}
  }
  ${unroll(4, (i) => `let value${i} = activate4(sum${i});`)}
  ${unroll(4, (i) => unroll(4, (c) => `if (top + ${i}u < step.${count} && left + ${c}u < ${J}u) { out[to${i} + left + ${c}u] = value${i}[${c}]; }`))}`;
  return kernel({
    name: "linear",
    constants: { ...options, ...partConstants(part) },
    bindings: { x: reads(), kernel: reads(), bias: reads(), out: writes() },
    grid: (sizes) => workgroupsFor(Math.ceil(sizes[count] / linearTile) * across, linearSize),
    workgroupSize: linearSize,
    declarations: [
      activationFunctions(options.activation),
      inputRowFunction(options),
      `fn weight(k: u32, column: u32) -> f32 { return ${element}; }`,
    ],
    main,
  });
}

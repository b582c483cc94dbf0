import { reads, writes } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import { activationFunctions, type Activation } from "./shared/activation";
import { kernel, workgroupsFor, type SizedKernel } from "./shared/frame";
import { inputRowFunction } from "./shared/input-row";

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
  /** Add to what `out` holds. */
  accumulate: boolean;
}

/**
 * A dense layer, the input projection of a recurrent layer that follows another one, or the derivative of
 * either by its input (`transposed`: x is then the derivative by the sums).
 *
 *     out[r] = activation(x[inputRow(r)]·kernel + bias)
 *
 *     segments  [S]     where only the last states are taken
 *     x         [·, K]
 *     kernel    [K, J]  or [J, K]
 *     bias      [J]     where the layer has one
 *     out       [·, J]  out
 *
 * An invocation per tile of 4 × 4 elements of `out`: each value it loads serves four products.
 */
export function linear(options: LinearOptions): SizedKernel {
  const { inputs: K, outputs: J, useBias, count, transposed, accumulate } = options;
  const across = Math.ceil(J / linearTile);
  const element = transposed ? `kernel[column * ${K}u + k]` : `kernel[k * ${J}u + column]`;
  const main = wgsl`
  let top = id / ${across}u * ${linearTile}u;
  let left = id % ${across}u * ${linearTile}u;
  if (top >= step.${count}) { return; }
  // Rows and columns beyond the end are computed as copies of the last and not stored.
  ${unroll(4, (i) => `let base${i} = inputRow(min(top + ${i}u, step.${count} - 1u)) * ${K}u;`)}
  ${unroll(4, (i) => `let column${i} = min(left + ${i}u, ${J - 1}u);`)}
  ${unroll(4, (i) => `var sum${i} = ${useBias ? `vec4f(bias[column0], bias[column1], bias[column2], bias[column3])` : "vec4f()"};`)}
  for (var k = 0u; k < ${K}u; k++) {
    let w = vec4f(weight(k, column0), weight(k, column1), weight(k, column2), weight(k, column3));
    ${unroll(4, (i) => `sum${i} += x[base${i} + k] * w;`)}
  }
  ${unroll(4, (i) => `let value${i} = activate4(sum${i});`)}
  ${unroll(4, (i) => unroll(4, (c) => `if (top + ${i}u < step.${count} && left + ${c}u < ${J}u) { out[(top + ${i}u) * ${J}u + left + ${c}u] ${accumulate ? "+=" : "="} value${i}[${c}]; }`))}`;
  return kernel({
    name: "linear",
    constants: { ...options },
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

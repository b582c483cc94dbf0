import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { activationFunctions, type Activation } from "./shared/activation";
import { gridParameters, linearId } from "./shared/grid";
import { segmentStruct, stepStruct } from "./shared/step";

export const linearSize = 64;

export interface LinearOptions {
  /** Columns K of the input and J of the output. */
  inputs: number;
  outputs: number;
  useBias: boolean;
  activation: Activation;
  /** Which input row gives output row r: `same` row r; `last` the last state of sample r. */
  rows: "same" | "last";
  /** How many rows there are. */
  count: "rows" | "samples";
  /** Number of the first sample's segment. */
  first: number;
}

/** WGSL: function `inputRow(r)`. */
export function inputRowFunction({ rows, first }: Pick<LinearOptions, "rows" | "first">): string {
  if (rows === "same") return "fn inputRow(r: u32) -> u32 { return r; }";
  return `fn inputRow(r: u32) -> u32 { let segment = segments[r + ${first}u]; return segment.row + segment.steps; }`;
}

/**
 * A dense layer, or the input projection of a recurrent layer that follows another one.
 *
 *     out[r] = activation(x[inputRow(r)]·kernel + bias)
 *
 *     segments  [S]     where only the last states are taken
 *     x         [·, K]
 *     kernel    [K, J]
 *     bias      [J]     where the layer has one
 *     out       [·, J]  out
 *
 * An invocation per element of `out`.
 */
export function linear(options: LinearOptions): KernelDeclaration {
  const { inputs, outputs, useBias, activation, rows, count } = options;
  const code = wgsl`
${stepStruct}
${segmentStruct}
${activationFunctions(activation)}
${inputRowFunction(options)}

@compute @workgroup_size(${linearSize})
fn main(${gridParameters}) {
  let at = ${linearId(linearSize)};
  let row = at / ${outputs}u;
  let j = at % ${outputs}u;
  if (row >= step.${count}) { return; }
  let base = inputRow(row) * ${inputs}u;
  #if ${useBias}
  var sum = bias[j];
  #else
  var sum = 0.0;
  #endif
  for (var k = 0u; k < ${inputs}u; k++) { sum += x[base + k] * kernel[k * ${outputs}u + j]; }
  out[at] = activate(sum);
}`;
  return {
    name: "linear",
    constants: { ...options },
    bindings: {
      step: uniform("Step"),
      ...(rows === "last" ? { segments: reads("array<Segment>") } : {}),
      x: reads(),
      kernel: reads(),
      ...(useBias ? { bias: reads() } : {}),
      out: writes(),
    },
    code,
  };
}

import { reads, writes } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import type { LinearOptions } from "./linear";
import { activationFunctions } from "./shared/activation";
import { kernel, workgroupsFor, type SizedKernel } from "./shared/frame";
import { inputRowFunction } from "./shared/input-row";
import {
  addProduct,
  declareStored,
  largestDivisor,
  maxOwnMatrix,
  narrowLanes,
  narrowSize,
  narrowWorkgroups,
  ownMatrix,
} from "./shared/narrow";
import { rowAccess } from "./shared/rows";

/** Columns that one group of invocations takes; undefined where the kernel does not fit. */
function groupColumns({ inputs, outputs }: LinearOptions): number | undefined {
  if (inputs * outputs <= maxOwnMatrix) return outputs;
  if (outputs % 4 !== 0) return undefined;
  const most = Math.floor(maxOwnMatrix / inputs / 4);
  const vectors = most > 1 ? largestDivisor(outputs / 4, most) : 1;
  return vectors > 1 ? 4 * vectors : undefined;
}

/** Groups that one row of a grid has workgroups for. */
const mostGroups = Math.floor(65_535 / narrowWorkgroups);

/** Groups of columns among which invocations are shared out; undefined where this shape does not fit. */
export function linearGroups(options: LinearOptions): number | undefined {
  const groups = options.outputs / (groupColumns(options) ?? 0);
  return groups <= mostGroups ? groups : undefined;
}

/**
 * `linear` for adapters that want the narrow shape: an invocation takes rows `id`, `id + lanes`, … and a group
 * of columns, and keeps a copy of the kernel's part.
 *
 *     out[r] = activation(x[inputRow(r)]·kernel + bias)
 *
 * Bindings as there.
 */
export function linearNarrow(options: LinearOptions): SizedKernel {
  const { inputs: K, outputs: J, useBias, count, transposed, accumulate } = options;
  const columns = groupColumns(options)!;
  const groups = J / columns;
  const input = rowAccess("x", K);
  const output = rowAccess("out", J);
  const vectors = Math.ceil(columns / 4);
  const element = transposed
    ? `kernel[(left + column) * ${K}u + row]`
    : `kernel[row * ${J}u + left + column]`;
  const main = wgsl`
  let left = id % ${groups}u * ${columns}u;
  ${ownMatrix("weight", K, columns, element)}
  #if ${useBias}
  ${ownMatrix("own", 1, columns, "bias[left + column]")}
  #endif
  ${declareStored("xs", input.vectors)}
  for (var r = id / ${groups}u; r < step.${count}; r += ${narrowLanes}u) {
    let base = ${input.base("inputRow(r)")};
    ${unroll(input.vectors, (i) => `xs[${i}] = ${input.load("base", i)};`)}
    let to = ${output.base("r")}${groups > 1 ? " + left / 4u" : ""};
    ${unroll(
      vectors,
      (i) => `{
      var sum = ${accumulate ? output.load("to", i) : useBias ? `own[${i}]` : "vec4f()"};
      ${addProduct("sum", "xs", K, "weight", vectors, i)}
      let value = activate4(sum);
      ${output.store("to", i, "value")}
    }`,
    )}
  }`;
  return kernel({
    name: "linear",
    constants: { shape: "narrow", ...options },
    bindings: { x: reads(input.type), kernel: reads(), bias: reads(), out: writes(output.type) },
    grid: (sizes) => workgroupsFor(Math.min(sizes[count], narrowLanes) * groups, narrowSize),
    workgroupSize: narrowSize,
    declarations: [activationFunctions(options.activation), inputRowFunction(options)],
    main,
  });
}

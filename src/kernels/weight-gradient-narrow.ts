import { reads, writes } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import { kernel, workgroupsFor, type SizedKernel } from "./shared/frame";
import { inputRowFunction } from "./shared/input-row";
import { addOuterProducts, declareStored, declareSums, largestDivisor, narrowSize } from "./shared/narrow";
import { partialLength } from "./sum-partials";
import type { WeightGradientOptions } from "./weight-gradient";

/** Rows taken together: adding to the sums costs more than multiplying, and is done once a block. */
const block = 4;

/** Whether this shape takes a gradient of that size: rows must be whole vectors, tiles not too small. */
export function narrowWeightGradientFits({
  inputs,
  outputs,
  stride = outputs,
  offset = 0,
}: WeightGradientOptions): boolean {
  const whole = [inputs, outputs, stride, offset].every((size) => size % 4 === 0);
  return whole && largestDivisor(inputs / 4) * largestDivisor(outputs / 4) >= 4;
}

/** Tiles that cover the kernel. */
function tilesOf({ inputs, outputs }: WeightGradientOptions): number {
  return (inputs / 4 / largestDivisor(inputs / 4)) * (outputs / 4 / largestDivisor(outputs / 4));
}

/**
 * `weightGradient` for adapters that want the narrow shape: an invocation per chunk of rows and tile of up to
 * 32 × 32 elements, whose sums stay with it.
 *
 *     partials[c] = Σ_{r in chunk c} x[inputRow(r)]ᵀ·dz[r],   last row: Σ_r dz[r]
 *
 * Bindings as there.
 */
export function weightGradientNarrow(options: WeightGradientOptions): SizedKernel {
  const { inputs: K, outputs: J, stride = J, offset = 0, count, useBias, chunks } = options;
  const down = largestDivisor(K / 4);
  const across = largestDivisor(J / 4);
  const tilesAcross = J / 4 / across;
  const tiles = tilesOf(options);
  const pairs = Array.from({ length: block }, (_, s) => ({ x: `xs${s}`, d: `ds${s}` }));
  const rowOf = (s: number): string => `
    let counts${s} = r + ${s}u < end;
    let row${s} = min(r + ${s}u, end - 1u);
    let xBase${s} = inputRow(row${s}) * ${K / 4}u + tileRow * ${down}u;
    let dBase${s} = row${s} * ${stride / 4}u + ${offset / 4}u + tileColumn * ${across}u;
    ${unroll(down, (i) => `xs${s}[${i}] = x[xBase${s} + ${i}u];`)}
    ${unroll(across, (i) => `ds${s}[${i}] = select(vec4f(), dz[dBase${s} + ${i}u], counts${s});`)}`;
  const main = wgsl`
  let chunk = id / ${tiles}u;
  if (chunk >= ${chunks}u) { return; }
  let tileRow = id % ${tiles}u / ${tilesAcross}u;
  let tileColumn = id % ${tilesAcross}u;
  let length = (step.${count} + ${chunks - 1}u) / ${chunks}u;
  let begin = min(chunk * length, step.${count});
  let end = min(begin + length, step.${count});
  ${declareSums("sum", 4 * down, 4 * across)}
  ${declareSums("bias", 1, 4 * across)}
  ${pairs.map(({ x, d }) => `${declareStored(x, down)}\n${declareStored(d, across)}`)}
  for (var r = begin; r < end; r += ${block}u) {
    ${unroll(block, rowOf)}
    ${addOuterProducts("sum", 4 * down, 4 * across, pairs)}
    #if ${useBias}
    ${unroll(across, (i) => `bias[${i}] += ${pairs.map(({ d }) => `${d}[${i}]`).join(" + ")};`)}
    #endif
  }
  let base = chunk * ${partialLength(K + (useBias ? 1 : 0), J) / 4}u + tileColumn * ${across}u;
  for (var k = 0u; k < ${4 * down}u; k++) {
    for (var i = 0u; i < ${across}u; i++) {
      partials[base + (tileRow * ${4 * down}u + k) * ${J / 4}u + i] = sum[k * ${across}u + i];
    }
  }
  #if ${useBias}
  if (tileRow == 0u) {
    for (var i = 0u; i < ${across}u; i++) { partials[base + ${(K * J) / 4}u + i] = bias[i]; }
  }
  #endif`;
  return kernel({
    name: "weightGradient",
    constants: { shape: "narrow", ...options },
    bindings: {
      x: reads("array<vec4f>"),
      dz: reads("array<vec4f>"),
      partials: writes("array<vec4f>"),
    },
    grid: () => workgroupsFor(tiles * chunks, narrowSize),
    workgroupSize: narrowSize,
    declarations: [inputRowFunction(options)],
    main,
  });
}

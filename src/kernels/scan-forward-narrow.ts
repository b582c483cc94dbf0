import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import { firstSegment, scanConstants, skippedFunction, sourceBindings, sourceRowFunction, type ScanOptions } from "./scan";
import { gridParameters, linearId } from "./shared/grid";
import { constantMatrix, rowAccess } from "./shared/rows";
import { noOrigin, segmentStruct, stepStruct } from "./shared/step";

export const scanForwardNarrowSize = 4;

/**
 * The recurrence forward in time, all steps in one dispatch, an invocation per sample.
 *
 *     z_t = projected[source(t)] + h_{t-1}·recurrentKernel
 *     h_t = cell(z_t)
 *
 *     segments         [S]       runs of steps; see `Segment`
 *     tokens, slots              which row of `projected` a step takes (source "tokens")
 *     projected        [·, G·U]  x·kernel + bias
 *     recurrentKernel  [U, G·U]  uniform: read at constant offsets, one load for all lanes
 *     h                [N, U]    out: row `segment.row + t` the state after step t, row `segment.row` before
 *
 * The state stays in registers for the whole loop; there is no barrier. Each state is stored once.
 */
export function scanForwardNarrow(options: ScanOptions): KernelDeclaration {
  const { units: U, cell, part } = options;
  const input = rowAccess("projected", U, cell.gates);
  const state = rowAccess("h", U);
  const kernel = constantMatrix("recurrentKernel", U, cell.gates * U);
  const V = state.vectors;
  const gates = Array.from({ length: cell.gates }, (_, gate) => gate);
  const z = (gate: number, i: number): string => `z${gate}_${i}`;
  const h = (i: number): string => `h${i}`;
  const each = (line: (gate: number, i: number) => string): string =>
    gates.map((gate) => unroll(V, (i) => line(gate, i))).join("\n");

  const code = wgsl`
${stepStruct}
${segmentStruct}
${cell.functions}
${sourceRowFunction(options)}
${skippedFunction(options)}

@compute @workgroup_size(${scanForwardNarrowSize})
fn main(${gridParameters}) {
  let number = ${linearId(scanForwardNarrowSize)} + ${firstSegment(part)}u;
  if (number >= ${part === "prefix" ? "1u" : "step.segments"}) { return; }
  let segment = segments[number];
  ${unroll(V, (i) => `var ${h(i)} = vec4f();`)}
  if (segment.origin != ${noOrigin}u) {
    let base = ${state.base("segment.origin")};
    ${unroll(V, (i) => `${h(i)} = ${state.load("base", i)};`)}
  }
  ${unroll(U, (k) => each((gate, i) => `let weight${gate}_${k}_${i} = ${kernel.load(k, gate * U + 4 * i)};`))}
  let first = ${state.base("segment.row")};
  ${unroll(V, (i) => state.store("first", i, h(i)))}
  for (var t = 0u; t < segment.steps; t++) {
    if (!skipped(segment, t)) {
      let base = ${input.base("sourceRow(segment, t)")};
      ${each(
        (gate, i) => `var ${z(gate, i)} = ${input.load("base", i, gate)};
      ${unroll(U, (k) => `${z(gate, i)} += ${h(k >> 2)}[${k & 3}] * weight${gate}_${k}_${i};`)}`,
      )}
      ${unroll(V, (i) => cell.forward({ z: gates.map((gate) => z(gate, i)), h: h(i) }, "4"))}
    }
    let row = ${state.base("segment.row + 1u + t")};
    ${unroll(V, (i) => state.store("row", i, h(i)))}
  }
}`;
  return {
    name: "scanForward",
    constants: scanConstants(options, "narrow"),
    bindings: {
      step: uniform("Step"),
      segments: reads("array<Segment>"),
      ...sourceBindings(options),
      projected: reads(input.type),
      recurrentKernel: uniform(kernel.type),
      h: writes(state.type),
    },
    code,
  };
}

import { reads, uniform, writes, type Binding, type KernelDeclaration } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import { scanForwardNarrowSize } from "./scan-forward-narrow";
import {
  firstSegment,
  scanConstants,
  skippedFunction,
  sourceBindings,
  type ScanBackwardOptions,
} from "./scan";
import { gridParameters, linearId } from "./shared/grid";
import { constantMatrix, rowAccess } from "./shared/rows";
import { segmentStruct, stepStruct } from "./shared/step";

/**
 * The recurrence backward in time, all steps in one dispatch, an invocation per sample.
 *
 *     dh_t ← dh_t + dSequence_t                    (nets that return sequences)
 *     dz_t = cell'(dh_t, h_t)
 *     dh_{t-1} = dz_t·recurrentKernelᵀ
 *
 *     segments         [S]       runs of steps; see `Segment`
 *     recurrentKernel  [U, G·U]  uniform
 *     h                [N, U]    states, as the forward scan stored them
 *     dLast            [B, U]    derivative by the last state of each sample (not in the prefix), or
 *     dSequence        [N, U]    derivative by every state, where `sequences`
 *     dz               [N, G·U]  out: derivative by z; zero in the rows before the first step
 *     dOrigin          [S, U]    derivative by the state before the first step: out for samples,
 *                                in for the prefix, which adds that of each sample where it branched off
 */
export function scanBackwardNarrow(options: ScanBackwardOptions): KernelDeclaration {
  const { units: U, cell, part, sequences } = options;
  const prefix = part === "prefix";
  const state = rowAccess("h", U);
  const dz = rowAccess("dz", U, cell.gates);
  const last = rowAccess("dLast", U);
  const origin = rowAccess("dOrigin", U);
  const sequence = rowAccess("dSequence", U);
  const kernel = constantMatrix("recurrentKernel", U, cell.gates * U);
  const V = state.vectors;
  const gates = Array.from({ length: cell.gates }, (_, gate) => gate);
  const g = (gate: number, i: number): string => `dz${gate}_${i}`;
  const dh = (i: number): string => `dh${i}`;
  const each = (line: (gate: number, i: number) => string): string =>
    gates.map((gate) => unroll(V, (i) => line(gate, i))).join("\n");

  const code = wgsl`
${stepStruct}
${segmentStruct}
${cell.functions}
${skippedFunction(options)}

@compute @workgroup_size(${scanForwardNarrowSize})
fn main(${gridParameters}) {
  let number = ${linearId(scanForwardNarrowSize)} + ${firstSegment(part)}u;
  if (number >= ${prefix ? "1u" : "step.segments"}) { return; }
  let segment = segments[number];
  ${unroll(V, (i) => `var ${dh(i)} = vec4f();`)}
  #if ${prefix}
  // Samples are sorted by length, so the further back in the prefix, the lower their numbers.
  var branch = step.segments - 1u;
  #elif ${!sequences}
  let end = ${last.base(`number - ${firstSegment(part)}u`)};
  ${unroll(V, (i) => `${dh(i)} = ${last.load("end", i)};`)}
  #endif
  ${unroll(U, (j) => each((gate, i) => `let weight${gate}_${j}_${i} = ${kernel.loadDown(4 * i, gate * U + j)};`))}
  for (var t = segment.steps; t > 0u; t--) {
    let row = segment.row + t;
    #if ${prefix}
    while (branch > 0u && segments[branch].origin == row) {
      let base = ${origin.base("branch")};
      ${unroll(V, (i) => `${dh(i)} += ${origin.load("base", i)};`)}
      branch -= 1u;
    }
    #endif
    let at = ${state.base("row")};
    #if ${sequences}
    ${unroll(V, (i) => `${dh(i)} += ${sequence.load("at", i)};`)}
    #endif
    ${each((gate, i) => `var ${g(gate, i)} = vec4f();`)}
    if (!skipped(segment, t - 1u)) {
      ${unroll(V, (i) => `let h${i} = ${state.load("at", i)};`)}
      ${unroll(V, (i) =>
        cell.backward({ dz: gates.map((gate) => g(gate, i)), dh: dh(i), h: `h${i}` }, "4"),
      )}
      ${unroll(
        V,
        (i) => `${dh(i)} = vec4f();
      ${gates.map((gate) => unroll(U, (j) => `${dh(i)} += ${g(gate, j >> 2)}[${j & 3}] * weight${gate}_${j}_${i};`)).join("\n")}`,
      )}
    }
    let to = ${dz.base("row")};
    ${each((gate, i) => dz.store("to", i, g(gate, i), gate))}
  }
  let before = ${dz.base("segment.row")};
  ${each((gate, i) => dz.store("before", i, "vec4f()", gate))}
  #if ${!prefix}
  let start = ${origin.base("number")};
  ${unroll(V, (i) => origin.store("start", i, dh(i)))}
  #endif
}`;
  return {
    name: "scanBackward",
    constants: { ...scanConstants(options, "narrow"), sequences },
    bindings: backwardBindings(options, state.type, dz.type, uniform(kernel.type)),
    code,
  };
}

/** The bindings that both shapes of the backward scan share. */
export function backwardBindings(
  options: ScanBackwardOptions,
  state: string,
  dz: string,
  recurrentKernel: Binding,
): Record<string, Binding> {
  const prefix = options.part === "prefix";
  return {
    step: uniform("Step"),
    segments: reads("array<Segment>"),
    ...(options.masked ? { tokens: sourceBindings(options).tokens } : {}),
    recurrentKernel,
    h: reads(state),
    ...(options.sequences ? { dSequence: reads(state) } : prefix ? {} : { dLast: reads(state) }),
    dz: writes(dz),
    dOrigin: prefix ? reads(state) : writes(state),
  };
}

import { reads, uniform, writes, type Binding, type KernelDeclaration } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import {
  firstSegment,
  scanConstants,
  skippedFunction,
  sourceBindings,
  type ScanBackwardOptions,
} from "./scan";
import { gridParameters, linearId } from "./shared/grid";
import {
  addOuterProduct,
  addProduct,
  declareSums,
  maxOwnSums,
  names,
  narrowSize,
  ownMatrix,
  storeSums,
} from "./shared/narrow";
import { rowAccess } from "./shared/rows";
import { segmentStruct, stepStruct } from "./shared/step";

/** Whether the narrow backward scan also sums up the recurrent kernel's gradient. */
export function sumsRecurrentGradient(units: number, gates: number): boolean {
  return gates === 1 && units * units <= maxOwnSums;
}

/**
 * The recurrence backward in time, all steps in one dispatch; an invocation takes samples `id`,
 * `id + lanes`, …
 *
 *     dh_t ← dh_t + dSequence_t                    (nets that return sequences)
 *     dz_t = cell'(dh_t, h_t)
 *     dh_{t-1} = dz_t·recurrentKernelᵀ
 *     dRecurrentKernel += h_{t-1}ᵀ·dz_t             (up to 32 units; else `weightGradient` does it)
 *
 *     segments         [S]       runs of steps; see `Segment`
 *     recurrentKernel  [U, G·U]
 *     h                [N, U]    states, as the forward scan stored them
 *     dLast            [B, U]    derivative by the last state of each sample (not in the prefix), or
 *     dSequence        [N, U]    derivative by every state, where `sequences`
 *     dz               [N, G·U]  out: derivative by z; zero in the rows before the first step
 *     dOrigin          [S, U]    derivative by the state before the first step: out for samples,
 *                                in for the prefix, which adds that of each sample where it branched off
 *     partials         [lanes + 1, U, U]  out: each invocation's part of dRecurrentKernel, the prefix's
 *                                last; rows padded to vectors of four
 *
 * Everything that a step needs but its state stays with the invocation; there is no barrier.
 */
export function scanBackwardNarrow(options: ScanBackwardOptions, lanes: number): KernelDeclaration {
  const { units: U, cell, part, sequences } = options;
  const prefix = part === "prefix";
  const sums = sumsRecurrentGradient(U, cell.gates);
  const first = firstSegment(part);
  const state = rowAccess("h", U);
  const dzRows = rowAccess("dz", U, cell.gates);
  const last = rowAccess("dLast", U);
  const origin = rowAccess("dOrigin", U);
  const sequence = rowAccess("dSequence", U);
  const V = state.vectors;
  const gates = Array.from({ length: cell.gates }, (_, gate) => gate);
  const dh = names("dh", V);
  const h = names("h", V);
  const before = names("before", V);
  const dz = gates.map((gate) => names(`dz${gate}_`, V));
  const each = (line: (gate: number, i: number) => string): string =>
    gates.map((gate) => unroll(V, (i) => line(gate, i))).join("\n");

  const code = wgsl`
${stepStruct}
${segmentStruct}
${cell.functions}
${skippedFunction(options)}

@compute @workgroup_size(${narrowSize})
fn main(${gridParameters}) {
  let id = ${linearId(narrowSize)};
  ${gates.map((gate) => ownMatrix(`kernel${gate}`, U, U, `recurrentKernel[column * ${cell.gates * U}u + ${gate * U}u + row]`)).join("\n")}
  #if ${sums}
  ${sums ? declareSums("sum", U, U) : ""}
  #endif
  let segmentsEnd = ${prefix ? "1u" : "step.segments"};
  for (var number = id + ${first}u; number < segmentsEnd; number += ${prefix ? 1 : lanes}u) {
    let segment = segments[number];
    ${dh.map((name) => `var ${name} = vec4f();`).join("\n")}
    #if ${prefix}
    // Samples are sorted by length, so the further back in the prefix, the lower their numbers.
    var branch = step.segments - 1u;
    #elif ${!sequences}
    let end = ${last.base(`number - ${first}u`)};
    ${dh.map((name, i) => `${name} = ${last.load("end", i)};`).join("\n")}
    #endif
    let lastRow = ${state.base("segment.row + segment.steps")};
    ${h.map((name, i) => `var ${name} = ${state.load("lastRow", i)};`).join("\n")}
    for (var t = segment.steps; t > 0u; t--) {
      let row = segment.row + t;
      #if ${prefix}
      while (branch > 0u && segments[branch].origin == row) {
        let base = ${origin.base("branch")};
        ${dh.map((name, i) => `${name} += ${origin.load("base", i)};`).join("\n")}
        branch -= 1u;
      }
      #endif
      #if ${sequences}
      let at = ${state.base("row")};
      ${dh.map((name, i) => `${name} += ${sequence.load("at", i)};`).join("\n")}
      #endif
      let above = ${state.base("row - 1u")};
      ${before.map((name, i) => `let ${name} = ${state.load("above", i)};`).join("\n")}
      ${each((gate, i) => `var ${dz[gate][i]} = vec4f();`)}
      if (!skipped(segment, t - 1u)) {
        ${unroll(V, (i) => cell.backward({ dz: gates.map((gate) => dz[gate][i]), dh: dh[i], h: h[i] }, "4"))}
        ${dh.map((name) => `${name} = vec4f();`).join("\n")}
        ${gates.map((gate) => addProduct(dh, dz[gate], U, `kernel${gate}`)).join("\n")}
        #if ${sums}
        ${sums ? addOuterProduct("sum", U, before, dz[0]) : ""}
        #endif
      }
      let to = ${dzRows.base("row")};
      ${each((gate, i) => dzRows.store("to", i, dz[gate][i], gate))}
      ${h.map((name, i) => `${name} = ${before[i]};`).join("\n")}
    }
    let top = ${dzRows.base("segment.row")};
    ${each((gate, i) => dzRows.store("top", i, "vec4f()", gate))}
    #if ${!prefix}
    let start = ${origin.base("number")};
    ${dh.map((name, i) => origin.store("start", i, name)).join("\n")}
    #endif
  }
  #if ${sums}
  if (id < ${prefix ? 1 : lanes}u) {
    let base = ${prefix ? `${lanes}u` : "id"} * ${U * V}u;
    ${sums ? storeSums("sum", U, U, "partials", "base") : ""}
  }
  #endif
}`;
  return {
    name: "scanBackward",
    constants: { ...scanConstants(options, "narrow"), sequences, lanes },
    bindings: {
      ...backwardBindings(options, state.type, dzRows.type),
      ...(sums ? { partials: writes("array<vec4f>") } : {}),
    },
    code,
  };
}

/** The bindings that both shapes of the backward scan share. */
export function backwardBindings(
  options: ScanBackwardOptions,
  state: string,
  dz: string,
): Record<string, Binding> {
  const prefix = options.part === "prefix";
  return {
    step: uniform("Step"),
    segments: reads("array<Segment>"),
    ...(options.masked ? { tokens: sourceBindings(options).tokens } : {}),
    recurrentKernel: reads(),
    h: reads(state),
    ...(options.sequences ? { dSequence: reads(state) } : prefix ? {} : { dLast: reads(state) }),
    dz: writes(dz),
    dOrigin: prefix ? reads(state) : writes(state),
  };
}

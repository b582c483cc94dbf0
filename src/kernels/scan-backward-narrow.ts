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
  addOuterProducts,
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

/**
 * Steps taken together where the gradient is summed up: adding to the sums costs more than multiplying, and
 * is done once a block.
 */
const sumsBlock = 2;

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
 *     dSequence        [N, U]    derivative by every state, where `sequences`; zero before a first step
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
  const before = (s: number): string[] => names(`before${s}_`, V);
  const back = (s: number): string[] => names(`back${s}_`, V);
  const dz = (s: number, gate: number): string[] => names(`dz${s}_${gate}_`, V);
  const block = sums ? sumsBlock : 1;
  const each = (line: (gate: number, i: number) => string): string =>
    gates.map((gate) => unroll(V, (i) => line(gate, i))).join("\n");

  const pairs = Array.from({ length: block }, (_, s) => ({ x: before(s), d: dz(s, 0) }));
  // Step s of a block. Beyond the first step of the sample it stays at the row before that: dz is zero there,
  // as it must be in that row, and dh is left as it is.
  const stepOf = (s: number): string => wgsl`
      let row${s} = segment.row + end - min(end, ${s}u);
      let skip${s} = end <= ${s}u || skipped(segment, end - ${s + 1}u);
      #if ${prefix}
      while (branch > 0u && segments[branch].origin == row${s}) {
        let base = ${origin.base("branch")};
        ${dh.map((name, i) => `${name} += ${origin.load("base", i)};`).join("\n")}
        branch -= 1u;
      }
      #endif
      #if ${sequences}
      let at${s} = ${state.base(`row${s}`)};
      ${dh.map((name, i) => `${name} += ${sequence.load(`at${s}`, i)};`).join("\n")}
      #endif
      let above${s} = ${state.base(`row${s} - u32(end > ${s}u)`)};
      ${before(s)
        .map((name, i) => `let ${name} = ${state.load(`above${s}`, i)};`)
        .join("\n")}
      ${each((gate, i) => `var ${dz(s, gate)[i]} = vec4f();`)}
      ${unroll(V, (i) =>
        cell.backward(
          {
            dz: gates.map((gate) => dz(s, gate)[i]),
            dh: dh[i],
            h: (s === 0 ? h : before(s - 1))[i],
          },
          "4",
        ),
      )}
      ${each((gate, i) => `${dz(s, gate)[i]} = select(${dz(s, gate)[i]}, vec4f(), skip${s});`)}
      ${back(s)
        .map((name) => `var ${name} = vec4f();`)
        .join("\n")}
      ${gates.map((gate) => addProduct(back(s), dz(s, gate), U, `kernel${gate}`)).join("\n")}
      ${dh.map((name, i) => `${name} = select(${back(s)[i]}, ${name}, skip${s});`).join("\n")}
      let to${s} = ${dzRows.base(`row${s}`)};
      ${each((gate, i) => dzRows.store(`to${s}`, i, dz(s, gate)[i], gate))}`;

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
    for (var end = segment.steps; end > 0u; end -= min(end, ${block}u)) {
      ${unroll(block, stepOf)}
      #if ${sums}
      ${sums ? addOuterProducts("sum", U, pairs) : ""}
      #endif
      ${h.map((name, i) => `${name} = ${before(block - 1)[i]};`).join("\n")}
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

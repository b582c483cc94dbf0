import { writes } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import { gatesFrom, type Cell } from "./cells/cell";
import { scanKernel, type ScanBackwardOptions, type ScanOptions } from "./scan";
import { backwardBindings, readsStates } from "./scan-bindings";
import { type SizedKernel } from "./shared/frame";
import {
  addOuterProducts,
  addProduct,
  declareSums,
  loadSums,
  maxOwnSums,
  names,
  narrowSize,
  ownMatrix,
  storeSums,
} from "./shared/narrow";
import { rowAccess } from "./shared/rows";

/**
 * Steps taken together where the gradient is summed up: adding to the sums costs more than multiplying, and
 * is done once a block.
 */
const sumsBlock = 2;

/** Whether the narrow backward scan also sums up the recurrent kernel's gradient: one gate, up to 32 units. */
export function sumsRecurrentGradient({
  units,
  cell,
  dropout,
}: Pick<ScanOptions, "units" | "cell" | "dropout">): boolean {
  return cell.gates === 1 && dropout === 0 && units * units <= maxOwnSums;
}

/**
 * The recurrence backward in time, all steps of a chunk in one dispatch; an invocation takes samples `id`,
 * `id + lanes`, …
 *
 *     dh_t ← dh_t + dSequence_t                    (nets that return sequences)
 *     dz_t, dc_{t-1} = cell'(dh_t, dc_t)
 *     dh_{t-1} = dz_t·recurrentKernelᵀ + the cell's direct part
 *     dRecurrentKernel += h_{t-1}ᵀ·dz_t             (one gate, up to 32 units; else `weightGradient` does it)
 *
 *     segments         [S]       runs of steps; see `Segment`
 *     chunk                      which steps; see `Chunk`
 *     recurrentKernel  [U, G·U]
 *     h, c             [N, U]    states, as the forward scan stored them; those that the cell needs
 *     dLast            [B, U]    derivative by the last state of each sample (not in the prefix), or
 *     dSequence        [N, U]    derivative by every state, where `sequences`; zero before a first step
 *     dz               [N, G·U]  in: the gates, of cells that keep them; out: derivative by z; zero in the
 *                                rows before the first step
 *     extra            [N, U]    of the last gate: in q, out its derivative; or m (see `Cell`)
 *     dOrigin          [S, U or 2·U]  derivative by the states before the chunk's first step, c's behind h's:
 *                                handed from chunk to chunk, then in for the prefix, which adds that of each
 *                                sample where it branched off
 *     partials         [lanes + 1, U, U]  out: each invocation's part of dRecurrentKernel, the prefix's
 *                                last; rows padded to vectors of four; later chunks are added to
 *
 * Everything that a step needs but its states stays with the invocation; there is no barrier.
 */
export function scanBackwardNarrow(options: ScanBackwardOptions, lanes: number): SizedKernel {
  const { units: U, cell, sequences, dropout } = options;
  const { gates: G, memory, keepsGates, lastGate } = cell;
  const sums = sumsRecurrentGradient(options);
  const state = rowAccess("h", U);
  const memoryRow = rowAccess("c", U);
  const dzRows = rowAccess("dz", U, G);
  const extraRow = rowAccess("extra", U);
  const lastRow = rowAccess("dLast", U);
  const origin = rowAccess("dOrigin", U, memory ? 2 : 1);
  const sequence = rowAccess("dSequence", U);
  const V = state.vectors;
  const gates = Array.from({ length: G }, (_, gate) => gate);
  const dh = names("dh", V);
  const dc = memory ? names("dc", V) : [];
  const kept = names("kept", V);
  const loadsH = readsStates(options);
  const h = loadsH ? names("h", V) : [];
  const c = memory ? names("c", V) : [];
  const block = sums ? sumsBlock : 1;
  const before = (s: number): string[] => (loadsH ? names(`before${s}_`, V) : []);
  const cBefore = (s: number): string[] => (memory ? names(`cBefore${s}_`, V) : []);
  const back = (s: number): string[] => names(`back${s}_`, V);
  const z = (s: number, gate: number): string[] => names(`dz${s}_${gate}_`, V);
  const q = (s: number): string[] => (lastGate === "product" ? names(`q${s}_`, V) : []);
  const each = (line: (gate: number, i: number) => string): string =>
    gates.map((gate) => unroll(V, (i) => line(gate, i))).join("\n");
  /** What went into the product of gate `gate`, of which `back` is the derivative. */
  const derivativeOf = (s: number, gate: number): string[] =>
    lastGate === "product" && gate === G - 1 ? q(s) : z(s, gate);
  const pairs = Array.from({ length: block }, (_, s) => ({ x: before(s), d: z(s, 0) }));

  // Step s of a block. Beyond the first step of the chunk it stays at the row before that: dz is zero there,
  // as it must be in that row, and dh is left as it is.
  const stepOf = (s: number): string => {
    const named = (i: number) => ({
      z: gates.map((gate) => z(s, gate)[i]),
      q: q(s)[i],
      h: (s === 0 ? h : before(s - 1))[i],
      hPrev: before(s)[i],
      c: c[i],
      cPrev: cBefore(s)[i],
      dh: dh[i],
      dc: `dcNext${i}`,
      direct: back(s)[i],
    });
    const direct = names("direct", V);
    return wgsl`
      let row${s} = segment.row + end - min(end - begin, ${s}u);
      let skip${s} = end <= begin + ${s}u || skipped(segment, end - ${s + 1}u);
      while (end > begin + ${s}u && branch > 0u && segments[branch].origin == row${s}) {
        let base = ${origin.base("branch")};
        ${dh.map((name, i) => `${name} += ${origin.load("base", i)};`)}
        ${dc.map((name, i) => `${name} += ${origin.load("base", i, 1)};`)}
        branch -= 1u;
      }
      #if ${sequences}
      if (end > begin + ${s}u) {
        let base = ${sequence.base(`row${s}`)};
        ${dh.map((name, i) => `${name} += ${sequence.load("base", i)};`)}
      }
      #endif
      let to${s} = ${dzRows.base(`row${s}`)};
      let at${s} = ${state.base(`row${s}`)};
      let above${s} = ${state.base(`row${s} - u32(end > begin + ${s}u)`)};
      ${before(s).map((name, i) => `let ${name} = ${state.load(`above${s}`, i)};`)}
      ${cBefore(s).map((name, i) => `let ${name} = ${memoryRow.load(`above${s}`, i)};`)}
      ${each((gate, i) => `var ${z(s, gate)[i]} = ${keepsGates ? dzRows.load(`to${s}`, i, gate) : "vec4f()"};`)}
      ${q(s).map((name, i) => `var ${name} = ${extraRow.load(`at${s}`, i)};`)}
      ${back(s).map((name) => `var ${name} = vec4f();`)}
      ${dc.map((name, i) => `var dcNext${i} = ${name};`)}
      ${unroll(V, (i) => cell.backward(named(i), "4"))}
      ${dropout > 0 ? unroll(V, (i) => `let ${direct[i]} = ${back(s)[i]}; ${back(s)[i]} = vec4f();`) : ""}
      ${resetBackwardText(cell, U, s, z(s, G - 1), (i) => ({
        ...named(i),
        hPrev: dropout > 0 ? `(${before(s)[i]} * ${kept[i]})` : before(s)[i],
      }))}
      ${each((gate, i) => `${z(s, gate)[i]} = select(${z(s, gate)[i]}, vec4f(), skip${s});`)}
      ${gatesFrom(cell, "h").map((gate) => addProduct(back(s), derivativeOf(s, gate), U, `kernel${gate}`))}
      ${dropout > 0 ? unroll(V, (i) => `${back(s)[i]} = ${back(s)[i]} * ${kept[i]} + ${direct[i]};`) : ""}
      ${dh.map((name, i) => `${name} = select(${back(s)[i]}, ${name}, skip${s});`)}
      ${dc.map((name, i) => `${name} = select(dcNext${i}, ${name}, skip${s});`)}
      ${each((gate, i) => dzRows.store(`to${s}`, i, z(s, gate)[i], gate))}
      ${q(s).map((name, i) => extraRow.store(`at${s}`, i, `select(${name}, vec4f(), skip${s})`))}`;
  };

  const main = wgsl`
  ${gates.map((gate) => ownMatrix(`kernel${gate}`, U, U, `recurrentKernel[column * ${G * U}u + ${gate * U}u + row]`))}
  #if ${sums}
  let base = select(id, ${lanes}u, chunk.prefix == 1u) * ${U * V}u;
  ${sums ? declareSums("sum", U, U) : ""}
  if (chunk.last == 0u) { ${sums ? loadSums("sum", U, U, "partials", "base") : ""} }
  #endif
  let begin = chunk.begin;
  for (var number = id + chunk.first; number < segmentsEnd(); number += ${lanes}u) {
    let segment = segments[number];
    if (begin > 0u && begin >= segment.steps) { continue; }
    ${[...dh, ...dc].map((name) => `var ${name} = vec4f();`)}
    #if ${dropout > 0}
    ${kept.map((name, i) => `let ${name} = vec4f(${[0, 1, 2, 3].map((k) => `kept(step.seed, ${options.stream}u, number, ${4 * i + k}u)`).join(", ")});`)}
    #endif
    let start = ${origin.base("number")};
    if (segment.steps > chunk.end) {
      ${dh.map((name, i) => `${name} = ${origin.load("start", i)};`)}
      ${dc.map((name, i) => `${name} = ${origin.load("start", i, 1)};`)}
    }
    #if ${!sequences}
    else if (chunk.prefix == 0u) {
      let end = ${lastRow.base("number - chunk.first")};
      ${dh.map((name, i) => `${name} = ${lastRow.load("end", i)};`)}
    }
    #endif
    let stepsEnd = min(segment.steps, chunk.end);
    // Samples are sorted by length, so the further back in the prefix, the lower the numbers of those that leave it.
    var branch = select(0u, step.segments - 1u, chunk.prefix == 1u);
    while (branch > 0u && segments[branch].origin > segment.row + stepsEnd) { branch -= 1u; }
    let lastRow = ${state.base("segment.row + stepsEnd")};
    ${h.map((name, i) => `var ${name} = ${state.load("lastRow", i)};`)}
    ${c.map((name, i) => `var ${name} = ${memoryRow.load("lastRow", i)};`)}
    for (var end = stepsEnd; end > begin; end -= min(end - begin, ${block}u)) {
      ${unroll(block, stepOf)}
      #if ${sums}
      ${sums ? addOuterProducts("sum", U, pairs) : ""}
      #endif
      ${h.map((name, i) => `${name} = ${before(block - 1)[i]};`)}
      ${c.map((name, i) => `${name} = ${cBefore(block - 1)[i]};`)}
    }
    if (begin == 0u) {
      let top = ${dzRows.base("segment.row")};
      ${each((gate, i) => dzRows.store("top", i, "vec4f()", gate))}
      ${lastGate === "product" ? `let topExtra = ${state.base("segment.row")};\n${unroll(V, (i) => extraRow.store("topExtra", i, "vec4f()"))}` : ""}
    }
    if (begin > 0u || chunk.prefix == 0u) {
      ${dh.map((name, i) => origin.store("start", i, name))}
      ${dc.map((name, i) => origin.store("start", i, name, 1))}
    }
  }
  #if ${sums}
  if (id < select(${lanes}u, 1u, chunk.prefix == 1u)) { ${sums ? storeSums("sum", U, U, "partials", "base") : ""} }
  #endif`;
  const scan = scanKernel("narrow", options, {
    name: "scanBackward",
    constants: { sequences, lanes },
    bindings: {
      ...backwardBindings(state.type, dzRows.type),
      partials: writes("array<vec4f>"),
    },
    workgroupSize: narrowSize,
    main,
  });
  return { ...scan, grid: () => [lanes / narrowSize] };
}

/** dm = dz_last·recurrentKernel_lastᵀ, which the cell takes on; cells that reset before the product. */
function resetBackwardText(
  cell: Cell,
  units: number,
  s: number,
  dz: readonly string[],
  named: (i: number) => Parameters<Cell["backward"]>[0],
): string {
  if (!cell.resetBackward) return "";
  const dm = names(`dm${s}_`, dz.length);
  return [
    ...dm.map((name) => `var ${name} = vec4f();`),
    addProduct(dm, dz, units, `kernel${cell.gates - 1}`),
    ...dm.map((name, i) => cell.resetBackward!({ ...named(i), dm: name }, "4")),
  ].join("\n");
}

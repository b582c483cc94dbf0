import { writes } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import { gatesFrom } from "./cells/cell";
import { scanKernel, type ScanBackwardOptions, type ScanOptions } from "./scan";
import { backwardBindings, readsStates } from "./scan-bindings";
import { type SizedKernel } from "./shared/frame";
import {
  addOuterProducts,
  addProduct,
  declareStored,
  declareSums,
  loadSums,
  maxOwnSums,
  narrowSize,
  ownMatrix,
  storeSums,
} from "./shared/narrow";
import { rowAccess, type RowAccess } from "./shared/rows";

/**
 * Steps taken together where the gradient is summed up: adding to the sums costs more than multiplying, and
 * is done once a block.
 */
const sumsBlock = 2;

/** The gate that follows once dm is known, in cells that reset before the product. */
const resetGate = 1;

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
 *                                handed from chunk to chunk, and from window to window of a sample, then in for
 *                                the prefix, which adds that of each sample where it branched off
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
  const last = G - 1;
  const loadsH = readsStates(options);
  const block = sums ? sumsBlock : 1;
  /** The state before step s of a block; the one before the block's last step is what the next block begins with. */
  const before = (s: number): string => `before${(s + block) % block}`;
  const dz = (s: number, gate: number): string => `dz${s}_${gate}`;
  /** What the product with a gate's recurrent kernel gave, of which this is the derivative. */
  const derivativeOf = (s: number, gate: number): string =>
    lastGate === "product" && gate === last ? "qs" : dz(s, gate);
  const pairs = Array.from({ length: block }, (_, s) => ({ x: before(s), d: dz(s, 0) }));
  const stored = [
    ...(memory ? ["cs", "dcs"] : []),
    "dhs",
    ...(dropout > 0 ? ["keeps"] : []),
    ...(lastGate === "product" ? ["qs"] : []),
    ...(loadsH ? pairs.map(({ x }) => x) : []),
    ...pairs.flatMap((_, s) => gates.map((gate) => dz(s, gate))),
  ];
  const eachVector = (line: (i: number) => string): string => unroll(V, line);
  const eachGate = (line: (gate: number) => string): string => gates.map(line).join("\n");
  const named = {
    z: gates.map((gate) => `z${gate}`),
    q: "q",
    h: "hNow",
    hPrev: "hPrev",
    c: "cNow",
    cPrev: "cPrev",
    dh: "dh",
    dc: "dc",
    direct: "direct",
  };
  const addTo = (name: string, row: RowAccess, base: string, part = 0): string =>
    eachVector((i) => `${name}[${i}] += ${row.load(base, i, part)};`);

  /** dz, and what reaches dh past the recurrent product; of a cell that resets before it, all but the reset gate's. */
  const derivatives = (s: number, i: number): string => `{
    ${loadsH ? `let hNow = ${before(s - 1)}[${i}]; let hPrev = ${state.load(`above${s}`, i)}; ${before(s)}[${i}] = hPrev;` : ""}
    ${memory ? `let cPrev = ${memoryRow.load(`above${s}`, i)}; let cNow = cs[${i}]; cs[${i}] = cPrev; var dc = dcs[${i}];` : ""}
    ${eachGate((gate) => `var z${gate} = ${keepsGates ? dzRows.load(`to${s}`, i, gate) : "vec4f()"};`)}
    ${lastGate === "product" ? `var q = ${extraRow.load(`at${s}`, i)};` : ""}
    var direct = vec4f();
    let dh = dhs[${i}];
    ${cell.backward(named, "4")}
    dhs[${i}] = select(direct, dh, skip${s});
    ${memory ? `dcs[${i}] = select(dc, dcs[${i}], skip${s});` : ""}
    ${gates
      .filter((gate) => !cell.resetBackward || gate !== resetGate)
      .map((gate) => storeDerivative(s, gate, i))
      .join("\n")}
    ${lastGate === "product" ? `qs[${i}] = select(q, vec4f(), skip${s}); ${extraRow.store(`at${s}`, i, `qs[${i}]`)}` : ""}
  }`;
  const storeDerivative = (s: number, gate: number, i: number): string =>
    `${dz(s, gate)}[${i}] = select(z${gate}, vec4f(), skip${s}); ${dzRows.store(`to${s}`, i, `${dz(s, gate)}[${i}]`, gate)}`;
  /** dm = dz_last·recurrentKernel_lastᵀ, which the cell takes on. */
  const reset = (s: number, i: number): string => `{
    var dm = vec4f();
    ${addProduct("dm", dz(s, last), U, `kernel${last}`, V, i)}
    let hPrev = ${before(s)}[${i}]${kept(i)};
    var z${resetGate} = ${dzRows.load(`to${s}`, i, resetGate)};
    var direct = vec4f();
    ${cell.resetBackward!({ ...named, dm: "dm" }, "4")}
    ${storeDerivative(s, resetGate, i)}
    dhs[${i}] += select(direct${kept(i)}, vec4f(), skip${s});
  }`;
  /** dh_{t-1} = dz_t·recurrentKernelᵀ + the cell's direct part. */
  const product = (s: number, i: number): string => `{
    var back = ${dropout > 0 ? "vec4f()" : `dhs[${i}]`};
    ${gatesFrom(cell, "h")
      .map((gate) => addProduct("back", derivativeOf(s, gate), U, `kernel${gate}`, V, i))
      .join("\n")}
    dhs[${i}] = select(${dropout > 0 ? `dhs[${i}] + back${kept(i)}` : "back"}, dhs[${i}], skip${s});
  }`;
  const kept = (i: number): string => (dropout > 0 ? ` * keeps[${i}]` : "");

  // Step s of a block. Beyond the first step of the chunk it stays at the row before that: dz is zero there,
  // as it must be in that row, and dh is left as it is.
  const stepOf = (s: number): string => wgsl`
      let row${s} = segment.row + end - min(end - begin, ${s}u);
      let skip${s} = end <= begin + ${s}u || skipped(segment, end - ${s + 1}u);
      while (end > begin + ${s}u && branch > 0u && segments[branch].origin == row${s}) {
        let base = ${origin.base("branch")};
        ${addTo("dhs", origin, "base")}
        ${memory ? addTo("dcs", origin, "base", 1) : ""}
        branch -= 1u;
      }
      #if ${sequences}
      if (end > begin + ${s}u) {
        let base = ${sequence.base(`row${s}`)};
        ${addTo("dhs", sequence, "base")}
      }
      #endif
      let to${s} = ${dzRows.base(`row${s}`)};
      let at${s} = ${state.base(`row${s}`)};
      let above${s} = ${state.base(`row${s} - u32(end > begin + ${s}u)`)};
      ${eachVector((i) => derivatives(s, i))}
      ${cell.resetBackward ? eachVector((i) => reset(s, i)) : ""}
      ${eachVector((i) => product(s, i))}`;

  const main = wgsl`
  ${gates.map((gate) => ownMatrix(`kernel${gate}`, U, U, `recurrentKernel[column * ${G * U}u + ${gate * U}u + row]`))}
  #if ${sums}
  let base = select(id, ${lanes}u, chunk.prefix == 1u) * ${U * V}u;
  ${sums ? declareSums("sum", U, U) : ""}
  if (chunk.last == 0u) { ${sums ? loadSums("sum", U, U, "partials", "base") : ""} }
  #endif
  ${stored.map((name) => declareStored(name, V))}
  let begin = chunk.begin;
  for (var number = id + chunk.first; number < segmentsEnd(); number += ${lanes}u) {
    let segment = segments[number];
    if (begin > 0u && begin >= segment.steps) { continue; }
    ${["dhs", ...(memory ? ["dcs"] : [])].map((name) => eachVector((i) => `${name}[${i}] = vec4f();`))}
    ${dropout > 0 ? eachVector((i) => `keeps[${i}] = vec4f(${[0, 1, 2, 3].map((k) => `kept(step.seed, ${options.stream}u, number, ${4 * i + k}u)`).join(", ")});`) : ""}
    let start = ${origin.base("number")};
    if (segment.steps > chunk.end || step.windows > 1u) {
      ${addTo("dhs", origin, "start")}
      ${memory ? addTo("dcs", origin, "start", 1) : ""}
    }
    #if ${!sequences}
    else if (chunk.prefix == 0u) {
      let end = ${lastRow.base("number - chunk.first")};
      ${addTo("dhs", lastRow, "end")}
    }
    #endif
    let stepsEnd = min(segment.steps, chunk.end);
    // Samples are sorted by length, so the further back in the prefix, the lower the numbers of those that leave it.
    var branch = select(0u, step.segments - 1u, chunk.prefix == 1u);
    while (branch > 0u && segments[branch].origin > segment.row + stepsEnd) { branch -= 1u; }
    let lastRow = ${state.base("segment.row + stepsEnd")};
    ${loadsH ? eachVector((i) => `${before(-1)}[${i}] = ${state.load("lastRow", i)};`) : ""}
    ${memory ? eachVector((i) => `cs[${i}] = ${memoryRow.load("lastRow", i)};`) : ""}
    for (var end = stepsEnd; end > begin; end -= min(end - begin, ${block}u)) {
      ${unroll(block, stepOf)}
      #if ${sums}
      ${sums ? addOuterProducts("sum", U, U, pairs) : ""}
      #endif
    }
    if (begin == 0u) {
      let top = ${dzRows.base("segment.row")};
      ${eachGate((gate) => eachVector((i) => dzRows.store("top", i, "vec4f()", gate)))}
      ${lastGate === "product" ? `let topExtra = ${state.base("segment.row")};\n${eachVector((i) => extraRow.store("topExtra", i, "vec4f()"))}` : ""}
    }
    if (begin > 0u || chunk.prefix == 0u) {
      ${eachVector((i) => origin.store("start", i, `dhs[${i}]`))}
      ${memory ? eachVector((i) => origin.store("start", i, `dcs[${i}]`, 1)) : ""}
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

import { unroll, wgsl } from "../runtime/wgsl";
import { gatesFrom } from "./cells/cell";
import { scanKernel, sourceRowFunction, type ScanForwardOptions } from "./scan";
import { forwardBindings, keptBindings } from "./scan-bindings";
import { type SizedKernel } from "./shared/frame";
import { addProduct, declareStored, narrowSize, ownMatrix } from "./shared/narrow";
import { constantVector, rowAccess, type RowAccess } from "./shared/rows";
import { noOrigin } from "./shared/step";

/**
 * The recurrence forward in time, all steps of a chunk in one dispatch, an invocation per sample.
 *
 *     z_t = projected[source(t)] + h_{t-1}·recurrentKernel
 *     h_t, c_t = cell(z_t, h_{t-1}, c_{t-1})
 *
 *     segments         [S]       runs of steps; see `Segment`
 *     chunk                      which steps; see `Chunk`
 *     tokens, slots              which row of `projected` a step takes (source "tokens")
 *     projected        [·, G·U]  x·kernel + bias
 *     recurrentKernel  [U, G·U]
 *     bias             [2, G·U]  whose second row is added to the recurrent product (`recurrentBias`)
 *     h                [N, U]    out: row `segment.row + t` the state after step t, row `segment.row` before
 *     c                [N, U]    out, of cells with a memory: laid out as h
 *     gates            [N, G·U]  out (`keep`): the activated gates
 *     extra            [N, U]    out (`keep`): of the last gate, q or m (see `Cell`)
 *     inputs           [N, U]    out (`keep`, with dropout): what the recurrent product took for h_{t-1}
 *
 * States and recurrent kernel stay with the invocation for the whole loop; there is no barrier. Each state is stored
 * once. Four units are taken through a step after the other, so that their sums alone are in registers.
 */
export function scanForwardNarrow(options: ScanForwardOptions): SizedKernel {
  const { units: U, cell, recurrentBias, dropout, resumes } = options;
  const { gates: G, memory, lastGate } = cell;
  const stores = keptBindings(options);
  const input = rowAccess("projected", U, G);
  const state = rowAccess("h", U);
  const memoryRow = rowAccess("c", U);
  const gateRow = rowAccess("gates", U, G);
  const extraRow = rowAccess("extra", U);
  const inputRow = rowAccess("inputs", U);
  const V = state.vectors;
  const gates = Array.from({ length: G }, (_, gate) => gate);
  const last = G - 1;
  const x = dropout > 0 ? "xs" : "hs";
  const extra = lastGate === "product" ? "q" : "m";
  const named = { z: gates.map((gate) => `z${gate}`), h: "value", c: "memory", q: "q", m: "m" };
  const isProduct = (gate: number): boolean => lastGate === "product" && gate === last;
  const biasOf = (gate: number, i: number): string =>
    recurrentBias ? constantVector("bias", U, G + gate, 4 * i) : "vec4f()";
  const begin = (gate: number, i: number): string =>
    `var z${gate} = ${input.load("base", i, gate)}${recurrentBias && !isProduct(gate) ? ` + ${biasOf(gate, i)}` : ""};`;
  const product = (gate: number, i: number, from: string): string =>
    addProduct(isProduct(gate) ? "q" : `z${gate}`, from, U, `kernel${gate}`, V, i);
  const eachVector = (line: (i: number) => string): string => unroll(V, line);
  const loadStates = (row: string): string => `
    let source = ${state.base(row)};
    ${eachVector((i) => `hs[${i}] = ${state.load("source", i)};`)}
    ${memory ? eachVector((i) => `cs[${i}] = ${memoryRow.load("source", i)};`) : ""}`;
  const storeStates = (base: string): string => `
    ${eachVector((i) => state.store(base, i, `hs[${i}]`))}
    ${memory ? eachVector((i) => memoryRow.store(base, i, `cs[${i}]`)) : ""}`;
  const zeros = (row: RowAccess, base: string): string => eachVector((i) => row.store(base, i, "vec4f()"));

  /** A cell that resets before the last gate's product computes the other gates of all units first. */
  const reset = (i: number): string => `{
    ${gatesFrom(cell, "h")
      .map((gate) => `${begin(gate, i)}\n${product(gate, i, x)}`)
      .join("\n")}
    var m = vec4f();
    let value = ${x}[${i}];
    ${cell.reset!(named, "4")}
    ms[${i}] = m;
    ${gatesFrom(cell, "h")
      .map((gate) => `zs[${gate * V + i}] = z${gate};`)
      .join(" ")}
  }`;
  const step = (i: number): string => `{
    ${
      cell.reset
        ? `${gatesFrom(cell, "h")
            .map((gate) => `var z${gate} = zs[${gate * V + i}];`)
            .join(" ")}
    ${begin(last, i)}
    let m = ms[${i}];
    ${product(last, i, "ms")}`
        : `${gates.map((gate) => begin(gate, i)).join("\n")}
    ${lastGate === "product" ? `var q = ${biasOf(last, i)};` : ""}
    ${gates.map((gate) => product(gate, i, x)).join("\n")}`
    }
    var value = hs[${i}];
    ${memory ? `var memory = cs[${i}];` : ""}
    ${cell.forward(named, "4")}
    next[${i}] = value;
    ${memory ? `cs[${i}] = memory;` : ""}
    ${stores.gates ? gates.map((gate) => gateRow.store("toGates", i, `z${gate}`, gate)).join("\n") : ""}
    ${stores.extra ? extraRow.store("to", i, extra) : ""}
    ${stores.inputs ? inputRow.store("to", i, `xs[${i}]`) : ""}
  }`;

  const main = wgsl`
  let number = id + chunk.first;
  if (number >= segmentsEnd()) { return; }
  let segment = segments[number];
  if (chunk.begin > 0u && chunk.begin >= segment.steps) { return; }
  ${declareStored("hs", V)}
  ${declareStored("next", V)}
  ${memory ? declareStored("cs", V) : ""}
  ${dropout > 0 ? `${declareStored("keeps", V)}\n${declareStored("xs", V)}` : ""}
  ${cell.reset ? `${declareStored("ms", V)}\n${declareStored("zs", last * V)}` : ""}
  if (chunk.begin > 0u || ${resumes}) {
    ${loadStates("segment.row + chunk.begin")}
  } else {
    if (segment.origin != ${noOrigin}u) {
      ${loadStates("segment.origin")}
    }
    let first = ${state.base("segment.row")};
    ${storeStates("first")}
  }
  if (chunk.begin == 0u) {
    let first = ${state.base("segment.row")};
    ${stores.extra ? zeros(extraRow, "first") : ""}
    ${stores.inputs ? zeros(inputRow, "first") : ""}
  }
  ${dropout > 0 ? eachVector((i) => `keeps[${i}] = vec4f(${[0, 1, 2, 3].map((k) => `kept(step.seed, ${options.stream}u, number, ${4 * i + k}u)`).join(", ")});`) : ""}
  ${gates.map((gate) => ownMatrix(`kernel${gate}`, U, U, `recurrentKernel[row * ${G * U}u + ${gate * U}u + column]`))}
  let end = min(chunk.end, segment.steps);
  for (var t = chunk.begin; t < end; t++) {
    let row = segment.row + 1u + t;
    let to = ${state.base("row")};
    if (!skipped(segment, t)) {
      let base = ${input.base("sourceRow(segment, t)")};
      ${stores.gates ? `let toGates = ${gateRow.base("row")};` : ""}
      ${dropout > 0 ? eachVector((i) => `xs[${i}] = hs[${i}] * keeps[${i}];`) : ""}
      ${cell.reset ? eachVector(reset) : ""}
      ${eachVector(step)}
      ${eachVector((i) => `hs[${i}] = next[${i}];`)}
    }
    #if ${options.masked && stores.extra}
    else { ${zeros(extraRow, "to")} }
    #endif
    #if ${options.masked && stores.inputs}
    if (skipped(segment, t)) { ${zeros(inputRow, "to")} }
    #endif
    ${storeStates("to")}
  }`;
  return scanKernel("narrow", options, {
    name: "scanForward",
    constants: { resumes, keep: options.keep },
    bindings: forwardBindings(options, state.type, gateRow.type),
    workgroupSize: narrowSize,
    declarations: [sourceRowFunction(options)],
    main,
  });
}

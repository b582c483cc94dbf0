import { unroll, wgsl } from "../runtime/wgsl";
import { gatesFrom } from "./cells/cell";
import { scanKernel, sourceRowFunction, type ScanForwardOptions } from "./scan";
import { forwardBindings, keptBindings } from "./scan-bindings";
import { type SizedKernel } from "./shared/frame";
import { addProduct, names, narrowSize, ownMatrix } from "./shared/narrow";
import { constantVector, rowAccess } from "./shared/rows";
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
 * The states stay in registers for the whole loop, the recurrent kernel with the invocation; there is no
 * barrier. Each state is stored once.
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
  const h = names("h", V);
  const c = memory ? names("c", V) : [];
  const q = lastGate === "product" ? names("q", V) : [];
  const m = names("m", V);
  const kept = names("kept", V);
  const x = dropout > 0 ? names("x", V) : h;
  const z = gates.map((gate) => names(`z${gate}_`, V));
  const each = (line: (gate: number, i: number) => string): string =>
    gates.map((gate) => unroll(V, (i) => line(gate, i))).join("\n");
  const named = (i: number) => ({ z: z.map((gate) => gate[i]), h: h[i], c: c[i], q: q[i], m: m[i] });
  /** Where the product of a gate is added: to z, or apart from it. */
  const sumOf = (gate: number): string[] => (lastGate === "product" && gate === last ? q : z[gate]);
  const biasOf = (gate: number, i: number): string =>
    recurrentBias ? constantVector("bias", U, G + gate, 4 * i) : "vec4f()";
  const start = (gate: number, i: number): string => {
    const loaded = input.load("base", i, gate);
    return sumOf(gate) === q || !recurrentBias ? loaded : `${loaded} + ${biasOf(gate, i)}`;
  };
  const loadStates = (row: string): string => wgsl`
    let source = ${state.base(row)};
    ${h.map((name, i) => `${name} = ${state.load("source", i)};`)}
    ${c.map((name, i) => `${name} = ${memoryRow.load("source", i)};`)}`;
  const storeStates = (base: string): string => wgsl`
    ${h.map((name, i) => state.store(base, i, name))}
    ${c.map((name, i) => memoryRow.store(base, i, name))}`;

  const main = wgsl`
  let number = id + chunk.first;
  if (number >= segmentsEnd()) { return; }
  let segment = segments[number];
  if (chunk.begin > 0u && chunk.begin >= segment.steps) { return; }
  ${[...h, ...c].map((name) => `var ${name} = vec4f();`)}
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
    ${stores.extra ? unroll(V, (i) => extraRow.store("first", i, "vec4f()")) : ""}
    ${stores.inputs ? unroll(V, (i) => inputRow.store("first", i, "vec4f()")) : ""}
  }
  #if ${dropout > 0}
  ${kept.map((name, i) => `let ${name} = vec4f(${[0, 1, 2, 3].map((k) => `kept(step.seed, ${options.stream}u, number, ${4 * i + k}u)`).join(", ")});`)}
  #endif
  ${gates.map((gate) => ownMatrix(`kernel${gate}`, U, U, `recurrentKernel[row * ${G * U}u + ${gate * U}u + column]`))}
  let end = min(chunk.end, segment.steps);
  for (var t = chunk.begin; t < end; t++) {
    let row = segment.row + 1u + t;
    let to = ${state.base("row")};
    if (!skipped(segment, t)) {
      let base = ${input.base("sourceRow(segment, t)")};
      ${each((gate, i) => `var ${z[gate][i]} = ${start(gate, i)};`)}
      ${q.map((name, i) => `var ${name} = ${biasOf(last, i)};`)}
      ${dropout > 0 ? x.map((name, i) => `let ${name} = ${h[i]} * ${kept[i]};`) : ""}
      ${gatesFrom(cell, "h").map((gate) => addProduct(sumOf(gate), x, U, `kernel${gate}`))}
      ${cell.reset ? unroll(V, (i) => `var ${m[i]} = vec4f(); ${cell.reset!({ ...named(i), h: x[i] }, "4")}`) : ""}
      ${gatesFrom(cell, "m").map((gate) => addProduct(z[gate], m, U, `kernel${gate}`))}
      ${unroll(V, (i) => cell.forward(named(i), "4"))}
      ${stores.gates ? `let toGates = ${gateRow.base("row")};\n${each((gate, i) => gateRow.store("toGates", i, z[gate][i], gate))}` : ""}
      ${stores.extra ? unroll(V, (i) => extraRow.store("to", i, q[i] ?? m[i])) : ""}
      ${stores.inputs ? unroll(V, (i) => inputRow.store("to", i, x[i])) : ""}
    }
    #if ${options.masked && stores.extra}
    else { ${unroll(V, (i) => extraRow.store("to", i, "vec4f()"))} }
    #endif
    #if ${options.masked && stores.inputs}
    if (skipped(segment, t)) { ${unroll(V, (i) => inputRow.store("to", i, "vec4f()"))} }
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

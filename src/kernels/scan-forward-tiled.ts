import { wgsl } from "../runtime/wgsl";
import { gatesFrom } from "./cells/cell";
import { biasFunction, scanKernel, sourceRowFunction, type ScanForwardOptions } from "./scan";
import { forwardBindings, keptBindings } from "./scan-bindings";
import type { SizedKernel } from "./shared/frame";
import { narrowSize } from "./shared/narrow";
import { noOrigin } from "./shared/step";
import { ofSamples, slots, tiledSamples, tileProduct, tileUnits } from "./shared/tiled";

/**
 * The narrow shape of the recurrence forward in time for more units than unrolled text can hold: an invocation per four
 * samples, all steps of a chunk in one dispatch, no barrier.
 *
 *     z_t = projected[source(t)] + h_{t-1}·recurrentKernel
 *     h_t, c_t = cell(z_t, h_{t-1}, c_{t-1})
 *
 * Bindings as there. A vector of four holds one unit of each of the four samples, so that an element of the recurrent
 * kernel, once loaded, serves four products, and an element of the state as many as a tile has columns. The samples of
 * an invocation are neighbours, and so of about the same length.
 */
export function scanForwardTiled(options: ScanForwardOptions): SizedKernel {
  const { units: U, cell, recurrentBias, dropout, resumes, masked } = options;
  const { gates: G, memory, lastGate } = cell;
  const stores = keptBindings(options);
  const columns = G * U;
  const last = G - 1;
  const gates = Array.from({ length: G }, (_, gate) => gate);
  const fromH = gatesFrom(cell, "h");
  const fromM = gatesFrom(cell, "m");
  const tile = tileUnits(G);
  const z = gates.map((gate) => `z${gate}`);
  const named = { z, h: "value", c: "memory", q: "q", m: "m" };
  const isProduct = (gate: number): boolean => lastGate === "product" && gate === last;
  const biasOf = (gate: number): string => (recurrentBias ? ` + biasAt(${columns + gate * U}u + unit)` : "");
  const projected = (gate: number): string =>
    `${ofSamples((s) => `projected[base${s} + ${gate * U}u + unit]`)}${isProduct(gate) ? "" : biasOf(gate)}`;
  const product = (of: readonly number[], values: string): string =>
    tileProduct({
      columns: of,
      count: U,
      units: tile,
      last: U - 1,
      values,
      element: (k, unit, gate) => `recurrentKernel[${k} * ${columns}u + ${gate * U}u + ${unit}]`,
    });
  const eachTile = (text: string): string =>
    `for (var first = 0u; first < ${U}u; first += ${tile}u) { ${text} }`;
  const eachOfTile = (text: string): string =>
    `for (var own = 0u; own < ${tile}u && first + own < ${U}u; own++) { let unit = first + own; ${text} }`;
  const x = dropout > 0 ? "x" : "states";
  const keptOf = ofSamples((s) => `kept(step.seed, ${options.stream}u, number + ${s}u, unit)`);
  const storeRow = (name: string, slot: number, value: string): string =>
    `${name}[row${slot} * ${U}u + unit] = ${value};`;
  /** Stores what the step has come to, of each sample that takes it. */
  const store = `
    ${dropout > 0 ? "let taken = x[unit];" : ""}
    nextH[unit] = select(value, states[unit], skips);
    ${memory ? "nextC[unit] = select(memory, cs[unit], skips);" : ""}
    ${slots
      .map(
        (s) => `if (lives${s}) {
      ${storeRow("h", s, `nextH[unit][${s}]`)}
      ${memory ? storeRow("c", s, `nextC[unit][${s}]`) : ""}
      ${stores.inputs ? storeRow("inputs", s, `select(taken[${s}], 0.0, skips[${s}])`) : ""}
      ${stores.extra && masked ? storeRow("extra", s, `select(${lastGate === "product" ? "q" : "m"}[${s}], 0.0, skips[${s}])`) : ""}
      ${stores.extra && !masked ? storeRow("extra", s, `${lastGate === "product" ? "q" : "m"}[${s}]`) : ""}
      ${stores.gates ? `if (!skips[${s}]) { ${gates.map((gate) => `gates[row${s} * ${columns}u + ${gate * U}u + unit] = z${gate}[${s}];`).join(" ")} }` : ""}
    }`,
      )
      .join("\n")}`;
  const begins = (gate: number, i: number): string =>
    `${z[gate]} = ${projected(gate)} + sums[own * ${fromH.length}u + ${i}u];`;

  const firstRow = /* wgsl */ `
fn firstRow(segment: Segment) -> u32 {
  if (chunk.begin > 0u || ${resumes}) { return segment.row + chunk.begin; }
  return segment.origin;
}`;
  const main = wgsl`
  let number = id * ${tiledSamples}u + chunk.first;
  if (number >= segmentsEnd()) { return; }
  let most = segmentsEnd() - 1u;
  ${slots.map(
    (s) => `let segment${s} = segments[min(number + ${s}u, most)];
  let end${s} = select(0u, min(chunk.end, segment${s}.steps), number + ${s}u <= most);
  let opens${s} = chunk.begin == 0u && number + ${s}u <= most;
  let first${s} = firstRow(segment${s});`,
  )}
  // One vector of the four samples for each unit.
  var states: array<vec4f, ${U}>;
  var nextH: array<vec4f, ${U}>;
  ${memory ? `var cs: array<vec4f, ${U}>;\n  var nextC: array<vec4f, ${U}>;` : ""}
  ${dropout > 0 ? `var keeps: array<vec4f, ${U}>;\n  var x: array<vec4f, ${U}>;` : ""}
  ${lastGate === "input" ? `var resets: array<vec4f, ${U}>;\n  var zs: array<vec4f, ${columns}>;` : ""}
  var sums: array<vec4f, ${tile * G}>;
  for (var unit = 0u; unit < ${U}u; unit++) {
    ${slots.map(
      (s) => `if (first${s} != ${noOrigin}u) {
      states[unit][${s}] = h[first${s} * ${U}u + unit];
      ${memory ? `cs[unit][${s}] = c[first${s} * ${U}u + unit];` : ""}
    }
    if (opens${s}) {
      let to = segment${s}.row * ${U}u + unit;
      h[to] = states[unit][${s}];
      ${memory ? `c[to] = cs[unit][${s}];` : ""}
      ${stores.extra ? "extra[to] = 0.0;" : ""}
      ${stores.inputs ? "inputs[to] = 0.0;" : ""}
    }`,
    )}
    ${dropout > 0 ? `keeps[unit] = ${keptOf};` : ""}
  }
  let end = max(max(end0, end1), max(end2, end3));
  for (var t = chunk.begin; t < end; t++) {
    ${slots.map(
      (s) => `let lives${s} = t < end${s};
    var base${s} = 0u;
    var skip${s} = true;
    if (lives${s}) { base${s} = sourceRow(segment${s}, t) * ${columns}u; skip${s} = skipped(segment${s}, t); }
    let row${s} = segment${s}.row + 1u + t;`,
    )}
    let skips = vec4<bool>(skip0, skip1, skip2, skip3);
    ${dropout > 0 ? `for (var unit = 0u; unit < ${U}u; unit++) { x[unit] = states[unit] * keeps[unit]; }` : ""}
    #if ${lastGate === "input"}
    ${eachTile(`
      ${product(fromH, x)}
      ${eachOfTile(`
        ${gates.map((gate) => `var z${gate} = vec4f();`).join(" ")}
        ${fromH.map((gate, i) => begins(gate, i)).join("\n")}
        var m = vec4f();
        let value = ${x}[unit];
        ${cell.reset?.(named, "4") ?? ""}
        resets[unit] = m;
        ${gates.map((gate) => `zs[unit * ${G}u + ${gate}u] = z${gate};`).join(" ")}`)}`)}
    ${eachTile(`
      ${product(fromM, "resets")}
      ${eachOfTile(`
        ${gates.map((gate) => `var z${gate} = zs[unit * ${G}u + ${gate}u];`).join(" ")}
        z${last} = ${projected(last)} + sums[own];
        let m = resets[unit];
        var value = states[unit];
        ${cell.forward(named, "4")}
        ${store}`)}`)}
    #else
    ${eachTile(`
      ${product(fromH, x)}
      ${eachOfTile(`
        ${gates.map((gate) => `var z${gate} = vec4f();`).join(" ")}
        var q = vec4f();
        ${fromH.map((gate, i) => (isProduct(gate) ? `q = sums[own * ${G}u + ${i}u]${biasOf(gate)}; ${z[gate]} = ${projected(gate)};` : begins(gate, i))).join("\n")}
        var value = states[unit];
        ${memory ? "var memory = cs[unit];" : ""}
        ${cell.forward(named, "4")}
        ${store}`)}`)}
    #endif
    for (var unit = 0u; unit < ${U}u; unit++) {
      states[unit] = nextH[unit];
      ${memory ? "cs[unit] = nextC[unit];" : ""}
    }
  }`;
  return scanKernel("tiled", options, {
    name: "scanForward",
    constants: { resumes, keep: options.keep },
    bindings: forwardBindings(options, "array<f32>", "array<f32>"),
    workgroupSize: narrowSize,
    declarations: [sourceRowFunction(options), biasFunction(options), firstRow],
    main,
  });
}

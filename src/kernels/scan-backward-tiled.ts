import { wgsl } from "../runtime/wgsl";
import { scanKernel, type ScanBackwardOptions } from "./scan";
import { backwardBindings, readsStates } from "./scan-bindings";
import type { SizedKernel } from "./shared/frame";
import { narrowSize } from "./shared/narrow";
import { ofSamples, slots, tiledSamples, tileProduct, tileUnits } from "./shared/tiled";

/**
 * The narrow shape of the recurrence backward in time for more units than unrolled text can hold: an invocation per
 * four samples, all steps of a chunk in one dispatch, no barrier.
 *
 *     dh_t ← dh_t + dSequence_t                    (nets that return sequences)
 *     dz_t, dc_{t-1} = cell'(dh_t, dc_t)
 *     dh_{t-1} = dz_t·recurrentKernelᵀ + the cell's direct part
 *
 * Bindings as there; laid out as `scanForwardTiled`. It never takes the shared padding prefix, a single segment, which
 * the wide shape does faster; and it leaves the recurrent kernel's gradient to a product over all rows.
 */
export function scanBackwardTiled(options: ScanBackwardOptions): SizedKernel {
  const { units: U, cell, sequences, dropout } = options;
  const { gates: G, memory, keepsGates, lastGate } = cell;
  const columns = G * U;
  const last = G - 1;
  const states = memory ? 2 : 1;
  const gates = Array.from({ length: G }, (_, gate) => gate);
  // Gates whose product takes h_{t-1} lie before the one that takes m.
  const fromH = lastGate === "input" ? columns - U : columns;
  const exchanged = lastGate === "input" ? gates.slice(0, last) : gates;
  const valueOf = (gate: number): string => (lastGate === "product" && gate === last ? "q" : `z${gate}`);
  const tile = tileUnits(1);
  const product = (count: number, values: string, begin: number): string =>
    tileProduct({
      columns: [0],
      count,
      units: tile,
      last: U - 1,
      values,
      element: (k, unit) => `recurrentKernel[${unit} * ${columns}u + ${begin}u + ${k}]`,
    });
  const eachUnit = (text: string): string => `for (var unit = 0u; unit < ${U}u; unit++) { ${text} }`;
  const eachTile = (text: string): string =>
    `for (var first = 0u; first < ${U}u; first += ${tile}u) { ${text} }`;
  const eachOfTile = (text: string): string =>
    `for (var own = 0u; own < ${tile}u && first + own < ${U}u; own++) { let unit = first + own; ${text} }`;
  /** A value of each sample's row; that of some other row where the sample has no such step. */
  const load = (name: string, width: number, offset: string, row = "row"): string =>
    ofSamples((s) => `${name}[${row}${s} * ${width}u + ${offset}]`);
  const eachLive = (text: (slot: number) => string): string =>
    slots.map((s) => `if (lives${s}) { ${text(s)} }`).join("\n");
  const named = {
    z: gates.map((gate) => `z${gate}`),
    q: "q",
    h: "hNow",
    hPrev: "hPrev",
    c: "cNow",
    cPrev: "cPrev",
    dh: "dhNow",
    dc: "dcNext",
    direct: "direct",
  };
  const none = (name: string): string => `${name} = select(${name}, vec4f(), skips);`;
  const keptText = dropout > 0 ? " * keeps[unit]" : "";
  const storeGate = (slot: number, gate: number): string =>
    `dz[row${slot} * ${columns}u + ${gate * U}u + unit] = z${gate}[${slot}];`;

  const main = wgsl`
  let number = id * ${tiledSamples}u + chunk.first;
  if (number >= segmentsEnd()) { return; }
  let most = segmentsEnd() - 1u;
  let begin = chunk.begin;
  ${slots.map(
    (s) => `let segment${s} = segments[min(number + ${s}u, most)];
  let takes${s} = number + ${s}u <= most && (begin == 0u || begin < segment${s}.steps);
  let end${s} = select(0u, min(chunk.end, segment${s}.steps), takes${s});`,
  )}
  // One vector of the four samples for each unit.
  var dh: array<vec4f, ${U}>;
  ${memory ? `var dc: array<vec4f, ${U}>;` : ""}
  ${dropout > 0 ? `var keeps: array<vec4f, ${U}>;` : ""}
  var derivatives: array<vec4f, ${fromH}>;
  ${lastGate === "input" ? `var lasts: array<vec4f, ${U}>;` : ""}
  var sums: array<vec4f, ${tile}>;
  ${eachUnit(`
    ${slots
      .map(
        (s) => `if (takes${s} && (segment${s}.steps > chunk.end || step.windows > 1u)) {
      dh[unit][${s}] = dOrigin[(number + ${s}u) * ${states * U}u + unit];
      ${memory ? `dc[unit][${s}] = dOrigin[(number + ${s}u) * ${states * U}u + ${U}u + unit];` : ""}
    }
    ${sequences ? "" : `else if (takes${s}) { dh[unit][${s}] = dLast[(number + ${s}u - chunk.first) * ${U}u + unit]; }`}`,
      )
      .join("\n")}
    ${dropout > 0 ? `keeps[unit] = ${ofSamples((s) => `kept(step.seed, ${options.stream}u, number + ${s}u, unit)`)};` : ""}`)}
  let end = max(max(end0, end1), max(end2, end3));
  for (var t = end; t > begin; t--) {
    ${slots.map(
      (s) => `let lives${s} = t <= end${s};
    let row${s} = segment${s}.row + select(1u, t, lives${s});
    let before${s} = row${s} - 1u;
    var skip${s} = true;
    if (lives${s}) { skip${s} = skipped(segment${s}, t - 1u); }`,
    )}
    let skips = vec4<bool>(skip0, skip1, skip2, skip3);
    ${eachUnit(`
      ${sequences ? `dh[unit] += select(vec4f(), ${load("dSequence", U, "unit")}, vec4<bool>(lives0, lives1, lives2, lives3));` : ""}
      let dhNow = dh[unit];
      ${readsStates(options) ? `let hNow = ${load("h", U, "unit")}; let hPrev = ${load("h", U, "unit", "before")};` : ""}
      ${memory ? `let cNow = ${load("c", U, "unit")}; let cPrev = ${load("c", U, "unit", "before")}; var dcNext = dc[unit];` : ""}
      ${gates.map((gate) => `var z${gate} = ${keepsGates ? load("dz", columns, `${gate * U}u + unit`) : "vec4f()"};`).join("\n")}
      var q = ${lastGate === "product" ? load("extra", U, "unit") : "vec4f()"};
      var direct = vec4f();
      ${cell.backward(named, "4")}
      ${gates.map((gate) => none(`z${gate}`)).join(" ")}
      ${none("q")}
      ${memory ? "dc[unit] = select(dcNext, dc[unit], skips);" : ""}
      dh[unit] = select(direct, dhNow, skips);
      ${
        lastGate === "input"
          ? // The other gates follow once dm is known; until then the reset gate's value stays in dz.
            `${eachLive((s) => `${storeGate(s, 0)} ${storeGate(s, last)}`)}
            derivatives[unit] = z0;
            lasts[unit] = z${last};`
          : `${eachLive((s) => `${gates.map((gate) => storeGate(s, gate)).join(" ")} ${lastGate === "product" ? `extra[row${s} * ${U}u + unit] = q[${s}];` : ""}`)}
            ${exchanged.map((gate) => `derivatives[${gate * U}u + unit] = ${valueOf(gate)};`).join(" ")}`
      }`)}
    #if ${lastGate === "input"}
    ${eachTile(`
      ${product(U, "lasts", fromH)}
      ${eachOfTile(`
        let dm = sums[own];
        let hPrev = ${load("h", U, "unit", "before")}${keptText};
        var z1 = ${load("dz", columns, `${U}u + unit`)};
        var direct = vec4f();
        ${cell.resetBackward?.({ ...named, dm: "dm" }, "4") ?? ""}
        ${none("z1")}
        ${eachLive((s) => storeGate(s, 1))}
        derivatives[${U}u + unit] = z1;
        dh[unit] += select(direct, vec4f(), skips)${keptText};`)}`)}
    #endif
    ${eachTile(`
      ${product(fromH, "derivatives", 0)}
      ${eachOfTile(`dh[unit] += select(sums[own], vec4f(), skips)${keptText};`)}`)}
  }
  ${eachUnit(
    slots
      .map(
        (s) => `if (takes${s}) {
      ${`if (begin == 0u) {
        ${gates.map((gate) => `dz[segment${s}.row * ${columns}u + ${gate * U}u + unit] = 0.0;`).join(" ")}
        ${lastGate === "product" ? `extra[segment${s}.row * ${U}u + unit] = 0.0;` : ""}
      }`}
      dOrigin[(number + ${s}u) * ${states * U}u + unit] = dh[unit][${s}];
      ${memory ? `dOrigin[(number + ${s}u) * ${states * U}u + ${U}u + unit] = dc[unit][${s}];` : ""}
    }`,
      )
      .join("\n"),
  )}`;
  return scanKernel("tiled", options, {
    name: "scanBackward",
    constants: { sequences },
    bindings: backwardBindings("array<f32>", "array<f32>"),
    workgroupSize: narrowSize,
    main,
  });
}

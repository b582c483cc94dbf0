import { wgsl } from "../runtime/wgsl";
import { gatesFrom } from "./cells/cell";
import {
  biasFunction,
  kernelInRegisters,
  scanKernel,
  sourceRowFunction,
  wideLanes,
  type ScanForwardOptions,
} from "./scan";
import { forwardBindings, keptBindings } from "./scan-bindings";
import type { SizedKernel } from "./shared/frame";
import { noOrigin } from "./shared/step";
import { wideLoads, wideProduct } from "./shared/wide";

/** WGSL: `inputOf` and `rowOf` of two steps. */
const twoSteps = /* wgsl */ `
fn inputsOf(segment: Segment, t: u32) -> vec2u {
  return vec2u(inputOf(segment, t), inputOf(segment, t + 1u));
}
fn rowsOf(both: vec2u) -> vec2u {
  return vec2u(rowOf(both.x), rowOf(both.y));
}`;

/**
 * The recurrence forward in time, all steps of a chunk in one dispatch, a workgroup per sample and a lane per
 * unit.
 *
 *     z_t = projected[source(t)] + h_{t-1}·recurrentKernel
 *     h_t, c_t = cell(z_t, h_{t-1}, c_{t-1})
 *
 * Bindings as in the narrow shape. The lanes exchange the state through workgroup memory in two buffers that
 * take turns, so one barrier a step is enough (two where the last gate takes what the others have computed).
 * Up to 128 units times gates a lane keeps its columns of the recurrent kernel in registers, and begins to load
 * what a step takes some steps before it: token, slot and projection, one after the other. Beyond, it reads all of
 * them in the step, and takes several units in turn.
 */
export function scanForwardWide(options: ScanForwardOptions): SizedKernel {
  const { units: U, cell, recurrentBias, dropout, resumes, masked } = options;
  const { gates: G, memory, lastGate } = cell;
  const stores = keptBindings(options);
  const lanes = wideLanes(U);
  const inRegisters = kernelInRegisters(U, G);
  const columns = G * U;
  const padded = Math.ceil(U / 4) * 4;
  const perLane = Math.ceil(U / lanes);
  const gates = Array.from({ length: G }, (_, gate) => gate);
  const last = G - 1;
  const z = gates.map((gate) => `z${gate}`);
  const sumOf = (gate: number): string => (lastGate === "product" && gate === last ? "q" : z[gate]);
  const product = wideProduct({
    inRegisters,
    count: U,
    element: (k, gate) => `recurrentKernel[${k} * ${columns}u + ${gate * U}u + unit]`,
  });
  const biasAt = (gate: number): string => `biasAt(${columns + gate * U}u + unit)`;
  // With the kernel in registers, the bias is there too.
  const ownBias = recurrentBias && inRegisters;
  const biasOf = (gate: number): string => {
    if (!recurrentBias) return "0.0";
    return ownBias ? `bias${gate}` : biasAt(gate);
  };
  const loads = wideLoads(
    inRegisters ? 2 : 0,
    Object.fromEntries(
      gates.map((gate) => [
        `loaded${gate}`,
        (row) => `projected[${row} * ${columns}u + ${gate * U}u + unit]`,
      ]),
    ),
  );
  const start = (gate: number): string => {
    const loaded = `loaded${gate}`;
    return sumOf(gate) === "q" || !recurrentBias ? loaded : `${loaded} + ${biasOf(gate)}`;
  };
  const keptText = dropout > 0 ? ` * kept(step.seed, ${options.stream}u, number, unit)` : "";
  // Lane l owns units l, l + lanes, …; lanes beyond the last unit compute a copy of it and store nothing.
  const eachUnit = `for (var own = 0u; own < ${perLane}u; own++) {
      let unit = min(lane + own * ${lanes}u, ${U - 1}u);
      let stores = lane + own * ${lanes}u < ${U}u;`;
  const named = { z, h: "value", c: "cOwn[own]", q: "q", m: "m" };
  const beginStep = `
        ${loads.now("sourceRow(segment, t)")}
        ${gates.map((gate) => `var z${gate} = ${start(gate)};`).join("\n")}
        var q = ${lastGate === "product" ? biasOf(last) : "0.0"};
        var m = 0.0;
        var value = hOwn[own];
        ${product.add(gatesFrom(cell, "h"), sumOf, "exchange[now]")}`;
  const endStep = `
        ${cell.forward(named, "")}
        hOwn[own] = value;
        if (stores) {
          ${stores.gates ? gates.map((gate) => `gates[row * ${columns}u + ${gate * U}u + unit] = z${gate};`).join("\n") : ""}
          ${stores.extra ? `extra[row * ${U}u + unit] = ${lastGate === "product" ? "q" : "m"};` : ""}
        }`;

  const main = wgsl`
  let number = group + chunk.first;
  if (number >= segmentsEnd()) { return; }
  let segment = segments[number];
  if (chunk.begin > 0u && chunk.begin >= segment.steps) { return; }
  var hOwn: array<f32, ${perLane}>;
  ${memory ? `var cOwn: array<f32, ${perLane}>;` : ""}
  ${eachUnit}
      let to = segment.row * ${U}u + unit;
      if (chunk.begin > 0u || ${resumes}) {
        let source = (segment.row + chunk.begin) * ${U}u + unit;
        hOwn[own] = h[source];
        ${memory ? "cOwn[own] = c[source];" : ""}
      } else {
        if (segment.origin != ${noOrigin}u) {
          let source = segment.origin * ${U}u + unit;
          hOwn[own] = h[source];
          ${memory ? "cOwn[own] = c[source];" : ""}
        }
        if (stores) {
          h[to] = hOwn[own];
          ${memory ? "c[to] = cOwn[own];" : ""}
        }
      }
      if (stores && chunk.begin == 0u) {
        ${stores.extra ? "extra[to] = 0.0;" : ""}
        ${stores.inputs ? "inputs[to] = 0.0;" : ""}
      }
      if (stores) { exchange[0][unit] = hOwn[own]${keptText}; }
  }
  ${inRegisters ? `let unit = min(lane, ${U - 1}u);\n${product.declare(gates)}` : ""}
  ${ownBias ? gates.map((gate) => `let bias${gate} = ${biasAt(gate)};`).join(" ") : ""}
  #if ${inRegisters}
  let rows0 = rowsOf(inputsOf(segment, chunk.begin));
  let rows2 = rowsOf(inputsOf(segment, chunk.begin + 2u));
  ${loads.begin(["rows0.x", "rows0.y", "rows2.x", "rows2.y"])}
  var rowsLater = rowsOf(inputsOf(segment, chunk.begin + 4u));
  var inputsLater = inputsOf(segment, chunk.begin + 6u);
  #endif
  var now = 0u;
  let end = min(chunk.end, segment.steps);
  for (var t = chunk.begin; t < end; t++) {
    #if ${inRegisters}
    if (left == 0u) {
      ${loads.refill(["rowsLater.x", "rowsLater.y"])}
      rowsLater = rowsOf(inputsLater);
      inputsLater = inputsOf(segment, t + 6u);
      left = 2u;
    }
    left -= 1u;
    ${loads.next}
    #endif
    // The state before this step must have been stored by every lane.
    workgroupBarrier();
    let next = 1u - now;
    let skip = skipped(segment, t);
    let row = segment.row + 1u + t;
    #if ${lastGate === "input"}
    var zs: array<array<f32, ${G}>, ${perLane}>;
    var ms: array<f32, ${perLane}>;
    if (!skip) {
      ${eachUnit}
        ${beginStep}
        value = exchange[now][unit];
        ${cell.reset?.(named, "") ?? ""}
        ${gates.map((gate) => `zs[own][${gate}] = z${gate};`).join(" ")}
        ms[own] = m;
        if (stores) { reset[unit] = m; }
      }
    }
    // Every lane's m must be there before the last gate's product reads it.
    workgroupBarrier();
    if (!skip) {
      ${eachUnit}
        ${gates.map((gate) => `var z${gate} = zs[own][${gate}];`).join(" ")}
        let m = ms[own];
        let q = 0.0;
        var value = hOwn[own];
        ${product.add(gatesFrom(cell, "m"), sumOf, "reset")}
        ${endStep}
      }
    }
    #else
    if (!skip) {
      ${eachUnit}
        ${beginStep}
        ${endStep}
      }
    }
    #endif
    ${eachUnit}
      if (stores) {
        let to = row * ${U}u + unit;
        ${stores.inputs ? "inputs[to] = select(exchange[now][unit], 0.0, skip);" : ""}
        ${masked && stores.extra ? "if (skip) { extra[to] = 0.0; }" : ""}
        exchange[next][unit] = hOwn[own]${keptText};
        h[to] = hOwn[own];
        ${memory ? "c[to] = cOwn[own];" : ""}
      }
    }
    now = next;
  }`;
  return scanKernel("wide", options, {
    name: "scanForward",
    constants: { resumes, keep: options.keep },
    bindings: forwardBindings(options, "array<f32>", "array<f32>"),
    workgroupSize: lanes,
    declarations: [
      sourceRowFunction(options),
      inRegisters ? twoSteps : "",
      biasFunction(options),
      `var<workgroup> exchange: array<array<f32, ${padded}>, 2>;`,
      lastGate === "input" ? `var<workgroup> reset: array<f32, ${padded}>;` : "",
    ],
    main,
  });
}

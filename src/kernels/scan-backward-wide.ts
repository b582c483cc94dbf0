import { wgsl } from "../runtime/wgsl";
import { kernelInRegisters, scanKernel, wideLanes, type ScanBackwardOptions } from "./scan";
import { backwardBindings, readsStates } from "./scan-bindings";
import type { SizedKernel } from "./shared/frame";
import { wideLoads, wideProduct } from "./shared/wide";

/**
 * The recurrence backward in time, all steps of a chunk in one dispatch, a workgroup per sample and a lane per
 * unit.
 *
 *     dh_t ← dh_t + dSequence_t                    (nets that return sequences)
 *     dz_t, dc_{t-1} = cell'(dh_t, dc_t)
 *     dh_{t-1} = dz_t·recurrentKernelᵀ + the cell's direct part
 *
 * Bindings as in the narrow shape. The lanes exchange dz through workgroup memory in two buffers that take
 * turns, so one barrier a step is enough (two where the last gate takes what the others have computed); dh
 * and dc stay with their lane. Up to 128 units times gates a lane keeps its row of the recurrent kernel in
 * registers and begins its loads some steps ahead; beyond, it reads all in the step and takes several units in turn.
 */
export function scanBackwardWide(options: ScanBackwardOptions): SizedKernel {
  const { units: U, cell, sequences, dropout } = options;
  const { gates: G, memory, keepsGates, lastGate } = cell;
  const lanes = wideLanes(U);
  const inRegisters = kernelInRegisters(U, G);
  const columns = G * U;
  const perLane = Math.ceil(U / lanes);
  const states = memory ? 2 : 1;
  // Gates whose product takes h_{t-1} lie before the one that takes m.
  const fromH = lastGate === "input" ? columns - U : columns;
  const padded = Math.ceil(fromH / 4) * 4;
  const gates = Array.from({ length: G }, (_, gate) => gate);
  const last = G - 1;
  const exchanged = lastGate === "input" ? gates.slice(0, last) : gates;
  const valueOf = (gate: number): string => (lastGate === "product" && gate === last ? "q" : `z${gate}`);
  const product = wideProduct({
    inRegisters,
    count: fromH,
    element: (j) => `recurrentKernel[unit * ${columns}u + ${j}]`,
  });
  const lastProduct = wideProduct({
    inRegisters: false,
    count: U,
    element: (j) => `recurrentKernel[unit * ${columns}u + ${fromH}u + ${j}]`,
  });
  const keptText = dropout > 0 ? ` * kept(step.seed, ${options.stream}u, number, unit)` : "";
  // Lane l owns units l, l + lanes, …; lanes beyond the last unit compute a copy of it and store nothing.
  const eachUnit = `for (var own = 0u; own < ${perLane}u; own++) {
      let unit = min(lane + own * ${lanes}u, ${U - 1}u);
      let stores = lane + own * ${lanes}u < ${U}u;`;
  const reads = readsStates(options);
  const unitOf = (tensor: string, row: string): string => `${tensor}[${row} * ${U}u + unit]`;
  const loads = wideLoads(inRegisters ? 4 : 0, {
    ...(reads ? { hNow: (row) => unitOf("h", row), hPrev: (row) => unitOf("h", `(${row} - 1u)`) } : {}),
    ...(memory ? { cNow: (row) => unitOf("c", row), cPrev: (row) => unitOf("c", `(${row} - 1u)`) } : {}),
    ...(keepsGates
      ? Object.fromEntries(
          gates.map((gate) => [
            `kept${gate}`,
            (row: string) => `dz[${row} * ${columns}u + ${gate * U}u + unit]`,
          ]),
        )
      : {}),
    ...(lastGate === "product" ? { keptQ: (row) => unitOf("extra", row) } : {}),
    ...(sequences ? { dSequenceNow: (row) => unitOf("dSequence", row) } : {}),
  });
  const rowsBefore = (row: string, begin: number, end: number): string[] =>
    Array.from({ length: end - begin }, (_, i) => `(${row} - ${begin + i}u)`);
  const named = {
    z: gates.map((gate) => `z${gate}`),
    q: "q",
    h: "hNow",
    hPrev: "hPrev",
    c: "cNow",
    cPrev: "cPrev",
    dh: "dh[own]",
    dc: "dcNext",
    direct: "direct",
  };
  const storeDerivatives = (stored: readonly number[]): string => `
      if (stores) {
        ${stored.map((gate) => `dz[row * ${columns}u + ${gate * U}u + unit] = z${gate};`).join("\n")}
        ${exchanged.map((gate) => `exchange[now][${gate * U}u + unit] = ${valueOf(gate)};`).join("\n")}
        ${lastGate === "product" ? `extra[row * ${U}u + unit] = q;` : ""}
      }
      directs[own] = direct;`;

  const main = wgsl`
  let number = group + chunk.first;
  if (number >= segmentsEnd()) { return; }
  let segment = segments[number];
  let begin = chunk.begin;
  if (begin > 0u && begin >= segment.steps) { return; }
  let stepsEnd = min(segment.steps, chunk.end);
  var dh: array<f32, ${perLane}>;
  var directs: array<f32, ${perLane}>;
  ${lastGate === "input" ? `var throughReset: array<f32, ${perLane}>;` : ""}
  ${memory ? `var dc: array<f32, ${perLane}>;` : ""}
  ${inRegisters ? `let unit = min(lane, ${U - 1}u);\n${product.declare([0])}` : ""}
  ${eachUnit}
    if (segment.steps > chunk.end || step.windows > 1u) {
      dh[own] = dOrigin[number * ${states * U}u + unit];
      ${memory ? `dc[own] = dOrigin[number * ${states * U}u + ${U}u + unit];` : ""}
    }
    #if ${!sequences}
    else if (chunk.prefix == 0u) { dh[own] = dLast[(number - chunk.first) * ${U}u + unit]; }
    #endif
  }
  // Samples are sorted by length, so the further back in the prefix, the lower the numbers of those that leave it.
  var branch = select(0u, step.segments - 1u, chunk.prefix == 1u);
  while (branch > 0u && segments[branch].origin > segment.row + stepsEnd) { branch -= 1u; }
  var origin = segments[branch].origin;
  ${loads.begin(rowsBefore("(segment.row + stepsEnd)", 0, 8))}
  var now = 0u;
  for (var t = stepsEnd; t > begin; t--) {
    let row = segment.row + t;
    #if ${inRegisters}
    if (left == 0u) {
      ${loads.refill(rowsBefore("row", 4, 8))}
      left = 4u;
    }
    left -= 1u;
    ${loads.next}
    #endif
    let skip = skipped(segment, t - 1u);
    while (branch > 0u && origin == row) {
      ${eachUnit}
        dh[own] += dOrigin[branch * ${states * U}u + unit];
        ${memory ? `dc[own] += dOrigin[branch * ${states * U}u + ${U}u + unit];` : ""}
      }
      branch -= 1u;
      origin = segments[branch].origin;
    }
    ${eachUnit}
      ${loads.now("row")}
      #if ${sequences}
      dh[own] += dSequenceNow;
      #endif
      ${gates.map((gate) => `var z${gate} = 0.0;`).join(" ")}
      var q = 0.0;
      var direct = 0.0;
      if (!skip) {
        ${memory ? "var dcNext = dc[own];" : ""}
        ${keepsGates ? gates.map((gate) => `z${gate} = kept${gate};`).join(" ") : ""}
        ${lastGate === "product" ? "q = keptQ;" : ""}
        ${cell.backward(named, "")}
        ${memory ? "dc[own] = dcNext;" : ""}
      }
      #if ${lastGate === "input"}
      // The other gates follow once dm is known; until then the reset gate's value stays in dz.
      if (stores) {
        dz[row * ${columns}u + unit] = z0;
        dz[row * ${columns}u + ${last * U}u + unit] = z${last};
        lastGate[unit] = z${last};
      }
      directs[own] = direct;
      #else
      ${storeDerivatives(gates)}
      #endif
    }
    // Every lane's dz must be there before the product reads it; the other buffer takes the next step's.
    workgroupBarrier();
    #if ${lastGate === "input"}
    ${eachUnit}
      let z0 = dz[row * ${columns}u + unit];
      var z1 = 0.0;
      var direct = 0.0;
      if (!skip) {
        z1 = dz[row * ${columns}u + ${U}u + unit];
        let hPrev = h[(row - 1u) * ${U}u + unit]${keptText};
        var dm = 0.0;
        ${lastProduct.add([last], () => "dm", "lastGate")}
        ${cell.resetBackward?.({ ...named, dm: "dm" }, "") ?? ""}
      }
      if (stores) {
        dz[row * ${columns}u + ${U}u + unit] = z1;
        exchange[now][unit] = z0;
        exchange[now][${U}u + unit] = z1;
      }
      throughReset[own] = direct;
    }
    // As above, for the gates that take h; and lastGate must have been read before the next step's is stored.
    workgroupBarrier();
    #endif
    if (!skip) {
      ${eachUnit}
        var sum = ${lastGate === "input" ? "throughReset[own]" : "0.0"};
        ${product.add([0], () => "sum", "exchange[now]")}
        dh[own] = directs[own] + sum${keptText};
      }
    }
    now = 1u - now;
  }
  ${eachUnit}
    if (stores) {
      if (begin == 0u) {
        ${gates.map((gate) => `dz[segment.row * ${columns}u + ${gate * U}u + unit] = 0.0;`)}
        ${lastGate === "product" ? `extra[segment.row * ${U}u + unit] = 0.0;` : ""}
      }
      if (begin > 0u || chunk.prefix == 0u) {
        dOrigin[number * ${states * U}u + unit] = dh[own];
        ${memory ? `dOrigin[number * ${states * U}u + ${U}u + unit] = dc[own];` : ""}
      }
    }
  }`;
  return scanKernel("wide", options, {
    name: "scanBackward",
    constants: { sequences },
    bindings: backwardBindings("array<f32>", "array<f32>"),
    workgroupSize: lanes,
    declarations: [
      `var<workgroup> exchange: array<array<f32, ${padded}>, 2>;`,
      lastGate === "input" ? `var<workgroup> lastGate: array<f32, ${U}>;` : "",
    ],
    main,
  });
}

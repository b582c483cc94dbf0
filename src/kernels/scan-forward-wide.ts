import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import {
  firstSegment,
  kernelInRegisters,
  scanConstants,
  skippedFunction,
  sourceBindings,
  sourceRowFunction,
  wideLanes,
  type ScanOptions,
} from "./scan";
import { gridParameters, linearWorkgroup } from "./shared/grid";
import { noOrigin, segmentStruct, stepStruct } from "./shared/step";

/**
 * The recurrence forward in time, all steps in one dispatch, a workgroup per sample and a lane per unit.
 *
 *     z_t = projected[source(t)] + h_{t-1}·recurrentKernel
 *     h_t = cell(z_t)
 *
 * Bindings as in the narrow shape, all of them storage. The lanes exchange the state through workgroup
 * memory in two buffers that take turns, so one barrier a step is enough. Up to 128 units (times gates)
 * a lane keeps its columns of the recurrent kernel in registers; beyond, it reads them from memory and
 * takes several units in turn.
 */
export function scanForwardWide(options: ScanOptions): KernelDeclaration {
  const { units: U, cell, part } = options;
  const lanes = wideLanes(U);
  const inRegisters = kernelInRegisters(U, cell.gates);
  const columns = cell.gates * U;
  const padded = Math.ceil(U / 4) * 4;
  const gates = Array.from({ length: cell.gates }, (_, gate) => gate);
  const weight = (gate: number, i: number): string => `weight${gate}_${i}`;
  const element = (gate: number, k: number): string =>
    k < U ? `recurrentKernel[${k * columns + gate * U}u + unit]` : "0.0";
  const products = (gate: number): string => {
    if (!inRegisters) {
      return `for (var k = 0u; k < ${U}u; k++) {
        z${gate} += state[now + k] * recurrentKernel[k * ${columns}u + ${gate * U}u + unit];
      }`;
    }
    const sums = unroll(padded / 4, (i) => {
      const values = [0, 1, 2, 3].map((c) => `state[now + ${4 * i + c}u]`).join(", ");
      return `sums${gate} += vec4f(${values}) * ${weight(gate, i)};`;
    });
    return `var sums${gate} = vec4f();
      ${sums}
      z${gate} += (sums${gate}.x + sums${gate}.y) + (sums${gate}.z + sums${gate}.w);`;
  };

  const code = wgsl`
${stepStruct}
${segmentStruct}
${cell.functions}
${sourceRowFunction(options)}
${skippedFunction(options)}

var<workgroup> state: array<f32, ${2 * padded}>;

@compute @workgroup_size(${lanes})
fn main(${gridParameters}) {
  let number = ${linearWorkgroup} + ${firstSegment(part)}u;
  if (number >= ${part === "prefix" ? "1u" : "step.segments"}) { return; }
  let segment = segments[number];
  for (var unit = lane; unit < ${U}u; unit += ${lanes}u) {
    var value = 0.0;
    if (segment.origin != ${noOrigin}u) { value = h[segment.origin * ${U}u + unit]; }
    state[unit] = value;
    h[segment.row * ${U}u + unit] = value;
  }
  #if ${inRegisters}
  // Lanes beyond the last unit compute a copy of it and store nothing.
  let unit = min(lane, ${U - 1}u);
  ${inRegisters ? gates.map((gate) => unroll(padded / 4, (i) => `let ${weight(gate, i)} = vec4f(${[0, 1, 2, 3].map((c) => element(gate, 4 * i + c)).join(", ")});`)).join("\n") : ""}
  #endif
  var now = 0u;
  for (var t = 0u; t < segment.steps; t++) {
    // The state before this step must have been stored by every lane.
    workgroupBarrier();
    let next = ${padded}u - now;
    let skip = skipped(segment, t);
    #if ${inRegisters}
    {
    #else
    for (var unit = lane; unit < ${U}u; unit += ${lanes}u) {
    #endif
      var value = state[now + unit];
      if (!skip) {
        let base = sourceRow(segment, t) * ${columns}u + unit;
        ${gates.map((gate) => `var z${gate} = projected[base + ${gate * U}u];`).join("\n")}
        ${gates.map(products).join("\n")}
        ${cell.forward({ z: gates.map((gate) => `z${gate}`), h: "value" }, "")}
      }
      if (lane < ${U}u) {
        state[next + unit] = value;
        h[(segment.row + 1u + t) * ${U}u + unit] = value;
      }
    }
    now = next;
  }
}`;
  return {
    name: "scanForward",
    constants: scanConstants(options, "wide"),
    bindings: {
      step: uniform("Step"),
      segments: reads("array<Segment>"),
      ...sourceBindings(options),
      projected: reads(),
      recurrentKernel: reads(),
      h: writes(),
    },
    code,
  };
}

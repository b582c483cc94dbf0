import type { KernelDeclaration } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import { backwardBindings } from "./scan-backward-narrow";
import {
  firstSegment,
  kernelInRegisters,
  scanConstants,
  skippedFunction,
  wideLanes,
  type ScanBackwardOptions,
} from "./scan";
import { gridParameters, linearWorkgroup } from "./shared/grid";
import { segmentStruct, stepStruct } from "./shared/step";

/**
 * The recurrence backward in time, all steps in one dispatch, a workgroup per sample and a lane per unit.
 *
 *     dh_t ← dh_t + dSequence_t                    (nets that return sequences)
 *     dz_t = cell'(dh_t, h_t)
 *     dh_{t-1} = dz_t·recurrentKernelᵀ
 *
 * Bindings as in the narrow shape, all of them storage. The lanes exchange dz through workgroup memory in
 * two buffers that take turns, so one barrier a step is enough; dh stays with its lane. Up to 128 units
 * (times gates) a lane keeps its row of the recurrent kernel in registers; beyond, it reads it from memory
 * and takes several units in turn.
 */
export function scanBackwardWide(options: ScanBackwardOptions): KernelDeclaration {
  const { units: U, cell, part, sequences } = options;
  const prefix = part === "prefix";
  const lanes = wideLanes(U);
  const inRegisters = kernelInRegisters(U, cell.gates);
  const columns = cell.gates * U;
  const perLane = Math.ceil(U / lanes);
  const padded = Math.ceil(columns / 4) * 4;
  const gates = Array.from({ length: cell.gates }, (_, gate) => gate);
  const element = (j: number): string =>
    j < columns ? `recurrentKernel[unit * ${columns}u + ${j}u]` : "0.0";
  const vector = (values: (c: number) => string): string => `vec4f(${[0, 1, 2, 3].map(values).join(", ")})`;
  const product = inRegisters
    ? `var sums = vec4f();
      ${unroll(padded / 4, (i) => `sums += ${vector((c) => `exchange[now + ${4 * i + c}u]`)} * weight${i};`)}
      dh[own] = (sums.x + sums.y) + (sums.z + sums.w);`
    : `var sum = 0.0;
      for (var j = 0u; j < ${columns}u; j++) {
        sum += exchange[now + j] * recurrentKernel[unit * ${columns}u + j];
      }
      dh[own] = sum;`;
  // Lane l owns units l, l + lanes, …; lanes beyond the last unit compute a copy of it and store nothing.
  const eachUnit = `for (var own = 0u; own < ${perLane}u; own++) {
      let unit = min(lane + own * ${lanes}u, ${U - 1}u);
      let stores = lane + own * ${lanes}u < ${U}u;`;

  const code = wgsl`
${stepStruct}
${segmentStruct}
${cell.functions}
${skippedFunction(options)}

var<workgroup> exchange: array<f32, ${2 * padded}>;

@compute @workgroup_size(${lanes})
fn main(${gridParameters}) {
  let number = ${linearWorkgroup} + ${firstSegment(part)}u;
  if (number >= ${prefix ? "1u" : "step.segments"}) { return; }
  let segment = segments[number];
  var dh: array<f32, ${perLane}>;
  #if ${inRegisters}
  let unit = min(lane, ${U - 1}u);
  ${inRegisters ? unroll(padded / 4, (i) => `let weight${i} = ${vector((c) => element(4 * i + c))};`) : ""}
  #endif
  #if ${prefix}
  // Samples are sorted by length, so the further back in the prefix, the lower their numbers.
  var branch = step.segments - 1u;
  #elif ${!sequences}
  ${eachUnit}
    dh[own] = dLast[(number - ${firstSegment(part)}u) * ${U}u + unit];
  }
  #endif
  var now = 0u;
  for (var t = segment.steps; t > 0u; t--) {
    let row = segment.row + t;
    let skip = skipped(segment, t - 1u);
    #if ${prefix}
    while (branch > 0u && segments[branch].origin == row) {
      ${eachUnit}
        dh[own] += dOrigin[branch * ${U}u + unit];
      }
      branch -= 1u;
    }
    #endif
    ${eachUnit}
      let at = row * ${U}u + unit;
      #if ${sequences}
      dh[own] += dSequence[at];
      #endif
      ${gates.map((gate) => `var dz${gate} = 0.0;`).join("\n")}
      if (!skip) {
        let value = h[at];
        ${cell.backward({ dz: gates.map((gate) => `dz${gate}`), dh: "dh[own]", h: "value" }, "")}
      }
      if (stores) {
        ${gates.map((gate) => `exchange[now + ${gate * U}u + unit] = dz${gate}; dz[row * ${columns}u + ${gate * U}u + unit] = dz${gate};`).join("\n")}
      }
    }
    // Every lane's dz must be there before the product reads it; the other buffer takes the next step's.
    workgroupBarrier();
    if (!skip) {
      ${eachUnit}
      ${product}
      }
    }
    now = ${padded}u - now;
  }
  ${eachUnit}
    if (stores) {
      ${gates.map((gate) => `dz[segment.row * ${columns}u + ${gate * U}u + unit] = 0.0;`).join("\n")}
      #if ${!prefix}
      dOrigin[number * ${U}u + unit] = dh[own];
      #endif
    }
  }
}`;
  return {
    name: "scanBackward",
    constants: { ...scanConstants(options, "wide"), sequences },
    bindings: backwardBindings(options, "array<f32>", "array<f32>"),
    code,
  };
}

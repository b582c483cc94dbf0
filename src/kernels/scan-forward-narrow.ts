import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { unroll, wgsl } from "../runtime/wgsl";
import {
  firstSegment,
  scanConstants,
  skippedFunction,
  sourceBindings,
  sourceRowFunction,
  type ScanOptions,
} from "./scan";
import { gridParameters, linearId } from "./shared/grid";
import { addProduct, names, narrowSize, ownMatrix } from "./shared/narrow";
import { rowAccess } from "./shared/rows";
import { noOrigin, segmentStruct, stepStruct } from "./shared/step";

/**
 * The recurrence forward in time, all steps in one dispatch, an invocation per sample.
 *
 *     z_t = projected[source(t)] + h_{t-1}·recurrentKernel
 *     h_t = cell(z_t)
 *
 *     segments         [S]       runs of steps; see `Segment`
 *     tokens, slots              which row of `projected` a step takes (source "tokens")
 *     projected        [·, G·U]  x·kernel + bias
 *     recurrentKernel  [U, G·U]
 *     h                [N, U]    out: row `segment.row + t` the state after step t, row `segment.row` before
 *
 * The state stays in registers for the whole loop, the recurrent kernel with the invocation; there is no barrier. Each state is
 * stored once.
 */
export function scanForwardNarrow(options: ScanOptions): KernelDeclaration {
  const { units: U, cell, part } = options;
  const input = rowAccess("projected", U, cell.gates);
  const state = rowAccess("h", U);
  const gates = Array.from({ length: cell.gates }, (_, gate) => gate);
  const h = names("h", state.vectors);
  const z = gates.map((gate) => names(`z${gate}_`, state.vectors));

  const code = wgsl`
${stepStruct}
${segmentStruct}
${cell.functions}
${sourceRowFunction(options)}
${skippedFunction(options)}

@compute @workgroup_size(${narrowSize})
fn main(${gridParameters}) {
  let number = ${linearId(narrowSize)} + ${firstSegment(part)}u;
  if (number >= ${part === "prefix" ? "1u" : "step.segments"}) { return; }
  let segment = segments[number];
  ${h.map((name) => `var ${name} = vec4f();`).join("\n")}
  if (segment.origin != ${noOrigin}u) {
    let base = ${state.base("segment.origin")};
    ${h.map((name, i) => `${name} = ${state.load("base", i)};`).join("\n")}
  }
  let first = ${state.base("segment.row")};
  ${h.map((name, i) => state.store("first", i, name)).join("\n")}
  ${gates.map((gate) => ownMatrix(`kernel${gate}`, U, U, `recurrentKernel[row * ${cell.gates * U}u + ${gate * U}u + column]`)).join("\n")}
  for (var t = 0u; t < segment.steps; t++) {
    if (!skipped(segment, t)) {
      let base = ${input.base("sourceRow(segment, t)")};
      ${gates.map((gate) => z[gate].map((name, i) => `var ${name} = ${input.load("base", i, gate)};`).join("\n")).join("\n")}
      ${gates.map((gate) => addProduct(z[gate], h, U, `kernel${gate}`)).join("\n")}
      ${unroll(state.vectors, (i) => cell.forward({ z: gates.map((gate) => z[gate][i]), h: h[i] }, "4"))}
    }
    let row = ${state.base("segment.row + 1u + t")};
    ${h.map((name, i) => state.store("row", i, name)).join("\n")}
  }
}`;
  return {
    name: "scanForward",
    constants: scanConstants(options, "narrow"),
    bindings: {
      step: uniform("Step"),
      segments: reads("array<Segment>"),
      ...sourceBindings(options),
      projected: reads(input.type),
      recurrentKernel: reads(),
      h: writes(state.type),
    },
    code,
  };
}

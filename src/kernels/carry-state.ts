import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { segmentStruct, stepStruct } from "./shared/step";

export const carryStateSize = 64;

/**
 * Carries the states of a stateful layer from one batch to the next: sample i of a batch goes on where sample
 * i of the batch before ended.
 *
 *     save:     carried[i] = states after the last step of sample i
 *     restore:  states before the first step of sample i = carried[i]
 *
 *     segments  [B]
 *     h, c      [N, U]          c of cells with a memory
 *     carried   [B, U or 2·U]   c's behind h's
 *
 * An invocation per sample and unit. Batches of stateful nets share no padding: segment i is sample i.
 */
export function carryState(units: number, memory: boolean, save: boolean): KernelDeclaration {
  const width = memory ? 2 * units : units;
  const code = wgsl`
${stepStruct}
${segmentStruct}

@compute @workgroup_size(${carryStateSize})
fn main(${gridParameters}) {
  let at = ${linearId(carryStateSize)};
  let sample = at / ${units}u;
  let unit = at % ${units}u;
  if (sample >= step.samples) { return; }
  let segment = segments[sample];
  let carriedAt = sample * ${width}u + unit;
  #if ${save}
  let row = (segment.row + segment.steps) * ${units}u + unit;
  carried[carriedAt] = h[row];
  ${memory ? `carried[carriedAt + ${units}u] = c[row];` : ""}
  #else
  let row = segment.row * ${units}u + unit;
  h[row] = carried[carriedAt];
  ${memory ? `c[row] = carried[carriedAt + ${units}u];` : ""}
  #endif
}`;
  const states = save ? reads() : writes();
  return {
    name: "carryState",
    constants: { units, memory, save },
    bindings: {
      step: uniform("Step"),
      segments: reads("array<Segment>"),
      h: states,
      ...(memory ? { c: states } : {}),
      carried: save ? writes() : reads(),
    },
    code,
  };
}

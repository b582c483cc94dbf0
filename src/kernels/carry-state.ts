import { reads, uniform, writes, type KernelDeclaration } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { gridParameters, linearId } from "./shared/grid";
import { segmentStruct, stepStruct } from "./shared/step";

export const carryStateSize = 64;

export interface CarryStateOptions {
  units: number;
  /** Whether the cell has a second state, c. */
  memory: boolean;
  save: boolean;
  /** Number of the first sample's segment. */
  first: number;
}

/**
 * Takes the last states of the samples along, for whoever asked for them or for the next batch: sample i of a
 * batch of a stateful layer goes on where sample i of the batch before ended.
 *
 *     save:     carried[i] = states after the last step of sample i
 *     restore:  states before the first step of sample i = carried[i]
 *
 *     segments  [S]             `first` of them before the samples
 *     h, c      [N, U]          c of cells with a memory
 *     carried   [B, U or 2·U]   c's behind h's
 *
 * An invocation per sample and unit.
 */
export function carryState({ units, memory, save, first }: CarryStateOptions): KernelDeclaration {
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
  let segment = segments[sample + ${first}u];
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
    constants: { units, memory, save, first },
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

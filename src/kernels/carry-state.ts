import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";

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
 *     carried   [B, U or 2·U]   c's behind h's; a row for each sample of the whole batch
 *
 * An invocation per sample and unit.
 */
export function carryState({ units, memory, save, first }: CarryStateOptions): SizedKernel {
  const width = memory ? 2 * units : units;
  const states = save ? reads() : writes();
  return elementKernel({
    name: "carryState",
    constants: { units, memory, save, first },
    rows: "samples",
    columns: units,
    bindings: {
      h: states,
      c: states,
      carried: save ? writes() : reads(),
    },
    main: wgsl`
  let segment = segments[row + ${first}u];
  let carriedAt = (row + step.before) * ${width}u + column;
  #if ${save}
  let state = (segment.row + segment.steps) * ${units}u + column;
  carried[carriedAt] = h[state];
  ${memory ? `carried[carriedAt + ${units}u] = c[state];` : ""}
  #else
  let state = segment.row * ${units}u + column;
  h[state] = carried[carriedAt];
  ${memory ? `c[state] = carried[carriedAt + ${units}u];` : ""}
  #endif`,
  });
}

/**
 * Puts the states that a batch has left, part by part, in the place of those that it began with: once all of its parts
 * are done.
 *
 *     carried[i] = left[i]      of all samples of the batch
 *
 *     left, carried  [B, U or 2·U]  carried: out
 *
 * An invocation per element.
 *
 * @param rows of both
 */
export function replaceStates(width: number, rows: number): SizedKernel {
  return elementKernel({
    name: "replaceStates",
    constants: { width, rows },
    rows,
    columns: width,
    bindings: { left: reads(), carried: writes() },
    main: wgsl`
  if (row < step.before + step.samples) { carried[id] = left[id]; }`,
  });
}

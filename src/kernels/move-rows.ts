import { reads, uniform, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { kernel, workgroupsFor, type SizedKernel } from "./shared/frame";

/** Which rows go where. */
export interface Move {
  /** The first of those that are taken, and where it goes. */
  first: number;
  place: number;
  count: number;
}

const moveStruct = /* wgsl */ `struct Move {
  first: u32,
  place: u32,
  count: u32,
}`;

/** Length of the packed struct in 32-bit words. */
export const moveWords = 3;

/** Packs the values as WGSL lays the struct out. */
export const packMove = ({ first, place, count }: Move): Uint32Array => Uint32Array.of(first, place, count);

const elementsOfWorkgroup = 64;

/**
 * Copies rows of a matrix to another place in another one, or adds them to what is there: a sample that is taken in
 * windows of time has its steps in several matrices.
 *
 *     out[place + r, j] = x[first + r, j]      or out[place + r, j] += …,   r < count
 *
 *     rows  first, place, count
 *     x     [·, J]
 *     out   [·, J]  out
 *
 * An invocation per element that moves.
 *
 * @param count for the grid: the kernel reads it from `rows`
 */
export function moveRows(width: number, add: boolean, count: number): SizedKernel {
  return kernel({
    name: "moveRows",
    constants: { width, add },
    bindings: { rows: uniform("Move"), x: reads(), out: writes() },
    grid: () => workgroupsFor(count * width, elementsOfWorkgroup),
    workgroupSize: elementsOfWorkgroup,
    declarations: [moveStruct],
    main: wgsl`
  if (id >= rows.count * ${width}u) { return; }
  out[rows.place * ${width}u + id] ${add ? "+=" : "="} x[rows.first * ${width}u + id];`,
  });
}

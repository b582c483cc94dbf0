import { reads, uniform, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { kernel, workgroupsFor, type SizedKernel } from "./shared/frame";

/** Rows of a matrix: of the first sample, and how far apart those of two samples are. */
export interface Rows {
  first: number;
  apart: number;
}

/** Which rows of each sample go where. */
export interface Move {
  from: Rows;
  to: Rows;
  count: number;
}

const moveStruct = /* wgsl */ `struct Move {
  first: u32,
  apart: u32,
  toFirst: u32,
  toApart: u32,
  count: u32,
}`;

/** Length of the packed struct in 32-bit words. */
export const moveWords = 5;

/** Packs the values as WGSL lays the struct out. */
export const packMove = ({ from, to, count }: Move): Uint32Array =>
  Uint32Array.of(from.first, from.apart, to.first, to.apart, count);

const elementsOfWorkgroup = 64;

/**
 * Copies rows of every sample to another place in another matrix, or adds them to what is there: a sample that is taken in
 * windows of time has its steps in several matrices, and a sequence that is flattened has them side by side.
 *
 *     out[to(b) + r, j] = x[from(b) + r, j]      or out[to(b) + r, j] += …,   r < count
 *     from(b) = first + b·apart,   to(b) = toFirst + b·toApart
 *
 *     rows  first, apart, toFirst, toApart, count
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
    grid: ({ samples }) => workgroupsFor(samples * count * width, elementsOfWorkgroup),
    workgroupSize: elementsOfWorkgroup,
    declarations: [moveStruct],
    main: wgsl`
  let sample = id / (rows.count * ${width}u);
  let element = id % (rows.count * ${width}u);
  if (sample >= step.samples) { return; }
  let value = x[(rows.first + sample * rows.apart) * ${width}u + element];
  out[(rows.toFirst + sample * rows.toApart) * ${width}u + element] ${add ? "+=" : "="} value;`,
  });
}

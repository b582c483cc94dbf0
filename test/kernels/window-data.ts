import { windowCount, type WindowShape } from "../reference/windows";
import { segmentWordsOf } from "./harness";

/** A sequence and its windows as the kernels see them: segments of equal lengths. */
export function windowLayout(shape: WindowShape) {
  const segmentsOf = (steps: number) => segmentWordsOf(Array.from({ length: shape.batch }, () => steps));
  const count = windowCount(shape);
  const [sequence, windows] = [segmentsOf(shape.steps), segmentsOf(count)];
  const sizes = { samples: shape.batch, segments: shape.batch };
  return {
    count,
    sequence: { ...sequence, sizes: { ...sizes, steps: shape.steps, rows: sequence.rows } },
    windows: { ...windows, sizes: { ...sizes, steps: count, rows: windows.rows } },
  };
}

/** Rows of [batch][steps][columns] with a row before each sample's first. */
export function withRowBefore(
  values: ArrayLike<number>,
  steps: number,
  columns: number,
  before: number,
): Float32Array {
  const perSample = steps * columns;
  const rows = new Float32Array((values.length / perSample) * (perSample + columns)).fill(before);
  for (let i = 0; i < values.length; i++) {
    rows[i + (Math.floor(i / perSample) + 1) * columns] = values[i];
  }
  return rows;
}

export const windowName = ({ batch, steps, width, size, strides, padding }: WindowShape): string =>
  `${batch} × ${steps} steps of ${width}, windows of ${size} by ${strides}, ${padding}`;

/** Windows that overlap, touch, leave gaps, begin before the sequence, and are longer than it. */
export const windowShapes: WindowShape[] = [
  { batch: 1, steps: 1, width: 1, size: 1, strides: 1, padding: "valid" },
  { batch: 3, steps: 7, width: 5, size: 3, strides: 1, padding: "valid" },
  { batch: 2, steps: 37, width: 4, size: 5, strides: 2, padding: "valid" },
  { batch: 5, steps: 8, width: 3, size: 2, strides: 2, padding: "valid" },
  { batch: 2, steps: 9, width: 31, size: 2, strides: 3, padding: "valid" },
  { batch: 3, steps: 7, width: 8, size: 4, strides: 1, padding: "same" },
  { batch: 2, steps: 10, width: 3, size: 5, strides: 2, padding: "same" },
  { batch: 2, steps: 11, width: 33, size: 4, strides: 3, padding: "same" },
  { batch: 127, steps: 2, width: 1, size: 5, strides: 1, padding: "same" },
  { batch: 2, steps: 7, width: 2, size: 2, strides: 3, padding: "same" },
  { batch: 1, steps: 9, width: 4, size: 4, strides: 2, padding: 0 },
  { batch: 1, steps: 8, width: 3, size: 5, strides: 3, padding: 2 },
];

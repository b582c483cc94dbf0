/**
 * Sums of rows: output[k] is the sum of x[rows[i]] over starts[k] <= i < starts[k + 1].
 *
 * @param x [N][J]
 * @param starts [K + 1]
 * @returns [K][J]
 */
export function sumByToken(
  x: ArrayLike<number>,
  rows: ArrayLike<number>,
  starts: ArrayLike<number>,
  columns: number,
): Float64Array {
  const sums = new Float64Array((starts.length - 1) * columns);
  for (let k = 0; k + 1 < starts.length; k++) {
    for (let i = starts[k]; i < starts[k + 1]; i++) {
      for (let j = 0; j < columns; j++) sums[k * columns + j] += x[rows[i] * columns + j];
    }
  }
  return sums;
}

/**
 * Turns the rows of each segment round. A segment of s steps takes s + 1 rows; its first is zero.
 *
 * @param x [N][J]
 * @param lengths the segments' steps, one segment after another
 * @returns [N][J]
 */
export function reverseRows(x: ArrayLike<number>, lengths: readonly number[], columns: number): Float64Array {
  const out = new Float64Array(x.length);
  let begin = 0;
  for (const steps of lengths) {
    for (let t = 1; t <= steps; t++) {
      const from = begin + steps + 1 - t;
      for (let j = 0; j < columns; j++) out[(begin + t) * columns + j] = x[from * columns + j];
    }
    begin += steps + 1;
  }
  return out;
}

/** Sums over the rows of x [N][J]: [J]. */
export function sumRows(x: ArrayLike<number>, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (let i = 0; i < x.length; i++) sums[i % columns] += x[i];
  return sums;
}

/** The shape of a kernel's gradient in partial sums. */
export interface PartialShape {
  readonly rows: number;
  readonly columns: number;
  readonly useBias: boolean;
}

/** Elements of one partial sum: the kernel's rows and the bias below them, padded to vectors of four. */
export function partialLength({ rows, columns, useBias }: PartialShape): number {
  return (rows + (useBias ? 1 : 0)) * Math.ceil(columns / 4) * 4;
}

/**
 * Adds up partial sums of a kernel's gradient and its bias's.
 *
 * @param partials [chunks][K (+1)][J], rows padded to vectors of four
 * @returns kernel [K][J] and bias [J], empty where there is none
 */
export function sumPartials(
  partials: ArrayLike<number>,
  shape: PartialShape,
): { kernel: Float64Array; bias: Float64Array } {
  const { rows, columns, useBias } = shape;
  const sums = sumRows(partials, partialLength(shape));
  const width = Math.ceil(columns / 4) * 4;
  const unpadded = sums.filter((_, i) => i % width < columns);
  return {
    kernel: unpadded.subarray(0, rows * columns),
    bias: useBias ? unpadded.subarray(rows * columns) : new Float64Array(0),
  };
}

/**
 * The states in which samples end, and the same put where they begin. A sample of s steps takes s + 1 rows.
 *
 * @param states h and, of cells with a memory, c: [N][U] each
 * @returns carried [B][U or 2·U], c behind h; and h, c with it in the samples' first rows
 */
export function carriedStates(
  { h, c }: { h: ArrayLike<number>; c?: ArrayLike<number> },
  lengths: readonly number[],
  units: number,
): { carried: Float64Array; h: Float64Array; c: Float64Array } {
  const width = c ? 2 * units : units;
  const carried = new Float64Array(lengths.length * width);
  const first = { h: Float64Array.from(h), c: Float64Array.from(c ?? []) };
  let begin = 0;
  lengths.forEach((steps, i) => {
    for (let u = 0; u < units; u++) {
      const [to, from] = [begin * units + u, (begin + steps) * units + u];
      carried[i * width + u] = h[from];
      first.h[to] = h[from];
      if (!c) continue;
      carried[i * width + units + u] = c[from];
      first.c[to] = c[from];
    }
    begin += steps + 1;
  });
  return { carried, ...first };
}

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

/** Rows that are projected out of a later row together: each of its elements is then loaded once for four products. */
const blockRows = 4;

/**
 * Makes the rows of a matrix orthonormal, in place, by Gram–Schmidt: modified among four rows,
 * four at a time from the rows behind them. The result is the Q of the QR factorisation whose R
 * has a positive diagonal, which is what Keras makes of its own by `q * sign(diag(r))`.
 *
 * @param vectors [count][length], linearly independent rows, count <= length
 */
export function orthonormalizeRows(vectors: Float64Array, count: number, length: number): void {
  const rows = Array.from({ length: count }, (_, row) => vectors.subarray(row * length, (row + 1) * length));
  for (let begin = 0; begin < count; begin += blockRows) {
    const block = rows.slice(begin, begin + blockRows);
    block.forEach((row, index) => {
      for (const earlier of block.slice(0, index)) projectOut(row, earlier);
      normalize(row);
    });
    // A last, smaller block has no rows behind it.
    for (const row of rows.slice(begin + blockRows)) projectOutFour(row, block);
  }
}

function normalize(row: Float64Array): void {
  const scale = 1 / Math.sqrt(dot(row, row));
  for (let i = 0; i < row.length; i++) row[i] *= scale;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Takes from `row` its component along the unit vector `direction`. */
function projectOut(row: Float64Array, direction: Float64Array): void {
  const component = dot(row, direction);
  for (let i = 0; i < row.length; i++) row[i] -= component * direction[i];
}

/** Takes from `row` its components along four orthonormal directions. */
function projectOutFour(row: Float64Array, [q0, q1, q2, q3]: readonly Float64Array[]): void {
  let [c0, c1, c2, c3] = [0, 0, 0, 0];
  for (let i = 0; i < row.length; i++) {
    const value = row[i];
    c0 += value * q0[i];
    c1 += value * q1[i];
    c2 += value * q2[i];
    c3 += value * q3[i];
  }
  for (let i = 0; i < row.length; i++) row[i] -= c0 * q0[i] + c1 * q1[i] + (c2 * q2[i] + c3 * q3[i]);
}

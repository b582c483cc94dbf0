/** Reviews as lists of word numbers. */
export type WordRows = ArrayLike<ArrayLike<number>>;

/** Rows of a wide matrix of which few entries are not zero, one row after the other. */
export interface SparseRows {
  /** (rows + 1) where each row begins. */
  starts: Uint32Array;
  /** Columns of the entries. */
  ids: Uint32Array;
  values: Float64Array;
}

/** Turns reviews into rows of numbers, one column a word. */
export interface Features {
  readonly columns: number;
  rows(x: WordRows): SparseRows;
}

type Weigh = (id: number, count: number) => number;

/** Padding and start mark are no words. */
const isWord = (id: number, numWords: number): boolean => id > 1 && id < numWords;

/** How often each word occurs in a review, in the order of first occurrence. */
function countWords(row: ArrayLike<number>, numWords: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const id of Array.from(row)) if (isWord(id, numWords)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** Rows of length 1, whatever the review's. */
function normalizedRows(x: WordRows, numWords: number, weigh: Weigh): SparseRows {
  const counted = Array.from(x, (row) => countWords(row, numWords));
  const starts = new Uint32Array(counted.length + 1);
  counted.forEach(({ size }, row) => (starts[row + 1] = starts[row] + size));
  const ids = new Uint32Array(starts[counted.length]);
  const values = new Float64Array(starts[counted.length]);
  counted.forEach((counts, row) => {
    let at = starts[row];
    let squares = 0;
    for (const [id, count] of counts) {
      ids[at] = id;
      values[at] = weigh(id, count);
      squares += values[at++] ** 2;
    }
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = starts[row]; i < at; i++) values[i] *= scale;
  });
  return { starts, ids, values };
}

/** Which words occur: each counts the same, 1/√(different words of the review). */
export function wordOccurrence(numWords: number): Features {
  return { columns: numWords, rows: (x) => normalizedRows(x, numWords, () => 1) };
}

/**
 * How often words occur, rare ones weighing more: (1 + ln count) · (ln((1 + n) / (1 + df)) + 1), where df of the n
 * reviews to train on have the word; rows of length 1.
 *
 * @see Salton and Buckley, Term-weighting approaches in automatic text retrieval, 1988; the smoothing is scikit-learn's
 */
export function tfIdf(train: WordRows, numWords: number): Features {
  const documents = new Uint32Array(numWords);
  for (const row of Array.from(train)) for (const id of countWords(row, numWords).keys()) documents[id]++;
  const rarity = Float64Array.from(documents, (df) => Math.log((1 + train.length) / (1 + df)) + 1);
  const weigh: Weigh = (id, count) => (1 + Math.log(count)) * rarity[id];
  return { columns: numWords, rows: (x) => normalizedRows(x, numWords, weigh) };
}

import { invalid } from "../../runtime/errors";
import type { PaddedSequences } from "../sequences";

/** Windows of a text, and for each of their tokens the one that follows it. */
export interface TextWindows {
  /** (windows, length) */
  x: PaddedSequences;
  /** (windows, length), row after row, as `fit` takes it: what the model is to foretell. */
  y: Int32Array;
}

function checkWhole(where: string, name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  const expected = `${name} as a whole number of at least 1`;
  throw invalid(where, expected, String(value), "pass such a number");
}

function cut(ids: ArrayLike<number>, starts: readonly number[], length: number): TextWindows {
  const x = new Int32Array(starts.length * length);
  const y = new Int32Array(starts.length * length);
  starts.forEach((start, row) => {
    for (let t = 0; t < length; t++) {
      x[row * length + t] = ids[start + t];
      y[row * length + t] = ids[start + t + 1];
    }
  });
  return { x: { data: x, shape: [starts.length, length] }, y };
}

/**
 * Cuts a text into windows to train on in any order, each from a state of zeros.
 *
 * @param ids the text's tokens, N of them
 * @param options.length tokens T of a window
 * @param options.stride tokens from one window's beginning to the next (default: `length`, so that none overlap)
 * @returns floor((N - 1 - T) / stride) + 1 windows; what is left at the end is not used
 * @throws InvalidInputError for a text of fewer than T + 1 tokens, or sizes that are no whole numbers from 1
 *
 * @example
 * const { x, y } = textWindows([1, 2, 3, 4, 5, 6, 7], { length: 3 }); // x 1, 2, 3, 4, 5, 6; y 2, 3, 4, 5, 6, 7
 * await model.fit(x, y, { epochs: 10, batchSize: 64 });
 */
export function textWindows(
  ids: ArrayLike<number>,
  { length, stride = length }: { length: number; stride?: number },
): TextWindows {
  checkWhole("textWindows", "length", length);
  checkWhole("textWindows", "stride", stride);
  const count = Math.floor((ids.length - 1 - length) / stride) + 1;
  if (count < 1) {
    const expected = `a text of at least length + 1 = ${length + 1} tokens`;
    throw invalid("textWindows", expected, String(ids.length), "pass a longer text or a smaller length");
  }
  return cut(
    ids,
    Array.from({ length: count }, (_, row) => row * stride),
    length,
  );
}

/**
 * Cuts a text into batches for a stateful model: the text is parted into `batchSize` pieces, side by side, and row i
 * of a batch goes on where row i of the batch before ended. Train with `shuffle: false` and the same `batchSize`,
 * and reset the states before each epoch.
 *
 * @param ids the text's tokens, N of them
 * @param options.length tokens T of a window
 * @param options.batchSize rows B of a batch
 * @returns floor(floor((N - 1) / B) / T) batches, one after the other
 * @throws InvalidInputError for a text of fewer than B·T + 1 tokens, or sizes that are no whole numbers from 1
 *
 * @example
 * const { x, y } = statefulWindows([1, 2, 3, 4, 5, 6, 7, 8, 9], { length: 2, batchSize: 2 });
 * // x 1, 2 | 5, 6, then 3, 4 | 7, 8; y 2, 3 | 6, 7, then 4, 5 | 8, 9
 */
export function statefulWindows(
  ids: ArrayLike<number>,
  { length, batchSize }: { length: number; batchSize: number },
): TextWindows {
  checkWhole("statefulWindows", "length", length);
  checkWhole("statefulWindows", "batchSize", batchSize);
  const piece = Math.floor((ids.length - 1) / batchSize);
  const batches = Math.floor(piece / length);
  if (batches < 1) {
    const expected = `a text of at least batchSize · length + 1 = ${batchSize * length + 1} tokens`;
    const remedy = "pass a longer text, a smaller length or a smaller batchSize";
    throw invalid("statefulWindows", expected, String(ids.length), remedy);
  }
  const starts = Array.from({ length: batches * batchSize }, (_, row) => {
    return (row % batchSize) * piece + Math.floor(row / batchSize) * length;
  });
  return cut(ids, starts, length);
}

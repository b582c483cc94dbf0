import { rowsPerTask } from "../../src/kernels/sum-by-token";
import { uniformStream } from "../support/random";

/** What a batch's plan says of its tokens, made by hand. */
export interface TokenGroups {
  /** The batch's tokens, each once, in the order of their numbers. */
  readonly tokens: number[];
  /** [D + 1] first task of each token. */
  readonly groupTasks: Uint32Array;
  /** [K] the token of each task. */
  readonly taskTokens: Uint32Array;
  /** [K + 1] where each task begins in `tokenRows`. */
  readonly taskStarts: Uint32Array;
  /** [N] state rows, grouped by token. */
  readonly tokenRows: Uint32Array;
  /** [V] number of each token of the batch; for others something stale. */
  readonly slots: Uint32Array;
}

/**
 * Groups of rows by token.
 *
 * @param counts rows of each token of the batch; more than `rowsPerTask` of them make several tasks
 * @param vocabulary at least as many tokens as there are counts
 */
export function tokenGroups(counts: readonly number[], vocabulary: number, seed: number): TokenGroups {
  const total = counts.reduce((a, b) => a + b, 0);
  const tokenRows = shuffled(total, seed);
  const tokens = Array.from(shuffled(vocabulary, seed + 1).subarray(0, counts.length));
  const groupTasks: number[] = [];
  const taskTokens: number[] = [];
  const taskStarts: number[] = [];
  let row = 0;
  counts.forEach((count, d) => {
    groupTasks.push(taskTokens.length);
    for (let done = 0; done < count; done += rowsPerTask) {
      taskTokens.push(tokens[d]);
      taskStarts.push(row + done);
    }
    row += count;
  });
  const slots = staleSlots(tokens, vocabulary);
  tokens.forEach((token, d) => (slots[token] = d));
  return {
    tokens,
    groupTasks: Uint32Array.from([...groupTasks, taskTokens.length]),
    taskTokens: Uint32Array.from(taskTokens),
    taskStarts: Uint32Array.from([...taskStarts, row]),
    tokenRows,
    slots,
  };
}

/** Left over from other batches: inside and outside of this batch's list. */
export function staleSlots(tokens: readonly number[], vocabulary: number): Uint32Array {
  return Uint32Array.from({ length: vocabulary }, (_, v) => (v * 7) % (2 * tokens.length + 1));
}

function shuffled(length: number, seed: number): Uint32Array {
  const uniform = uniformStream(seed);
  const list = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

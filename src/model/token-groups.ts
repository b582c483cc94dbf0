import { rowsPerTask } from "../kernels";

// The tokens of a batch, grouped. These loops run for every token of every batch: all that they touch is local.

/** Counts tokens in `places` and lists those that are new behind the `found` ones; returns how many there are then. */
export function countTokens(
  tokens: Uint32Array,
  begin: number,
  end: number,
  { places, tokensOf, found }: { places: Uint32Array; tokensOf: Uint32Array; found: number },
): number {
  let distinct = found;
  for (let i = begin; i < end; i++) {
    const token = tokens[i];
    const count = places[token]++;
    // Overwritten unless it is new; a branch would be taken at random.
    tokensOf[distinct] = token;
    distinct += (count - 1) >>> 31;
  }
  return distinct;
}

/** Lays out the tasks of each token, and puts where its rows will be listed in the place of its count; returns how many. */
export function placeTasks(
  tokensOf: Uint32Array,
  distinct: number,
  places: Uint32Array,
  { groupTasks, taskTokens, taskStarts }: Record<string, Uint32Array>,
  grouped: boolean,
): number {
  let tasks = 0;
  let row = 0;
  for (let d = 0; d < distinct; d++) {
    const token = tokensOf[d];
    const end = row + places[token];
    groupTasks[d] = tasks;
    places[token] = row;
    do {
      taskTokens[tasks] = token;
      if (grouped) taskStarts[tasks] = row;
      tasks++;
      row += rowsPerTask;
    } while (grouped && row < end);
    row = end;
  }
  groupTasks[distinct] = tasks;
  if (grouped) taskStarts[tasks] = row;
  return tasks;
}

/** Lists the state rows of tokens, each in the next of its token's places. */
export function listRows(
  tokens: Uint32Array,
  begin: number,
  end: number,
  {
    places,
    tokenRows,
    firstRow,
    stride,
  }: { places: Uint32Array; tokenRows: Uint32Array; firstRow: number; stride: number },
): void {
  let row = firstRow;
  for (let i = begin; i < end; i++) {
    tokenRows[places[tokens[i]]++] = row;
    row += stride;
  }
}

export function clearPlaces(tokensOf: Uint32Array, distinct: number, places: Uint32Array): void {
  for (let d = 0; d < distinct; d++) places[tokensOf[d]] = 0;
}

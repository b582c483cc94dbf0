/**
 * Rows of a table: output[n] = table[tokens[n]].
 *
 * @param table [V][E]
 * @param tokens [N]
 * @param width E
 * @returns [N][E]
 */
export function gatherEmbedding(
  table: ArrayLike<number>,
  tokens: ArrayLike<number>,
  width: number,
): Float64Array {
  const output = new Float64Array(tokens.length * width);
  for (let n = 0; n < tokens.length; n++) {
    for (let e = 0; e < width; e++) output[n * width + e] = table[tokens[n] * width + e];
  }
  return output;
}

/**
 * The table's gradient: dTable[v] is the sum of dOutput[n] over the n with tokens[n] = v.
 *
 * @param dOutput [N][E]
 * @param tokens [N]
 * @returns [V][E]; rows that no token names are zero
 */
export function embeddingGradient(
  dOutput: ArrayLike<number>,
  tokens: ArrayLike<number>,
  vocabulary: number,
  width: number,
): Float64Array {
  const dTable = new Float64Array(vocabulary * width);
  for (let n = 0; n < tokens.length; n++) {
    for (let e = 0; e < width; e++) dTable[tokens[n] * width + e] += dOutput[n * width + e];
  }
  return dTable;
}

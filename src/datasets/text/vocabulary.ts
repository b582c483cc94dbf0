import { invalid } from "../../runtime/errors";

/** Fills up short rows; never a token of a text. */
export const PADDING = "";
/** Stands for tokens that are not in the vocabulary. */
export const UNKNOWN = "[UNK]";

const where = "textVectorization";

/** Negative where `a` comes first in the order of Unicode's code points, which is that of UTF-8's bytes. */
function compareCodePoints(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [left, right] = [a.codePointAt(i) ?? 0, b.codePointAt(i) ?? 0];
    if (left !== right) return left - right;
  }
  return a.length - b.length;
}

/** The most frequent tokens; of equally frequent ones the last in order comes first, as Keras has it. */
export function rankTokens(counts: ReadonlyMap<string, number>, most: number): string[] {
  return [...counts]
    .filter(([token]) => token !== PADDING && token !== UNKNOWN)
    .sort(([a, m], [b, n]) => n - m || compareCodePoints(b, a))
    .slice(0, most)
    .map(([token]) => token);
}

/**
 * A vocabulary given by hand, without the two special tokens, with which it may begin.
 *
 * @throws InvalidInputError for a token given twice, one that is no text, or more than `most`
 */
export function checkVocabulary(given: readonly string[], most: number): string[] {
  const tokens = given[0] === PADDING && given[1] === UNKNOWN ? given.slice(2) : [...given];
  const seen = new Set<unknown>([PADDING, UNKNOWN]);
  tokens.forEach((token: unknown, i) => {
    if (typeof token === "string" && !seen.has(token)) return seen.add(token);
    const expected = "a vocabulary of different texts";
    throw invalid(where, expected, `${JSON.stringify(token)} at ${i}`, "leave it out");
  });
  if (tokens.length <= most) return tokens;
  const expected = `a vocabulary of at most maxTokens - 2 = ${most} tokens`;
  throw invalid(where, expected, String(tokens.length), "raise maxTokens");
}

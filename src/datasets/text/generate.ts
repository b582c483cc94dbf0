import { invalid } from "../../runtime/errors";
import { type Sampler, type SamplerOptions, sampler } from "./sampling";
import type { TextVectorization } from "./vectorization";

/** Reads one more token and resolves to the probabilities, (V), of the one that follows. */
export type NextToken = (token: number) => Promise<ArrayLike<number>>;

export interface GenerateTokensOptions {
  /** Read first; at least one token. */
  prompt: ArrayLike<number>;
  /** Tokens to write (default: no end). */
  count?: number;
  /** Draws each token; default `sampler()`. */
  sample?: Sampler;
  /** Stops before the next token. */
  signal?: AbortSignal;
}

/**
 * Lets a model go on where a prompt ends, token by token, each as soon as it is drawn.
 *
 * @param next the model: reads a token, gives the probabilities of the next
 * @throws InvalidInputError for a prompt without tokens
 * @throws {DOMException} `AbortError`: `signal` asked to stop.
 * @example
 * const stream = await model.stream();
 * const next = async (token: number) => (await stream.next(token)).output;
 * for await (const id of generateTokens(next, { prompt: [5, 9], count: 100 })) console.log(id);
 */
export async function* generateTokens(
  next: NextToken,
  { prompt, count = Infinity, sample = sampler(), signal }: GenerateTokensOptions,
): AsyncGenerator<number, void, undefined> {
  if (prompt.length === 0) {
    const expected = "a prompt of at least one token";
    throw invalid("generateTokens", expected, "none", "pass a text to go on from");
  }
  let probabilities: ArrayLike<number> = [];
  for (const token of Array.from(prompt)) {
    signal?.throwIfAborted();
    probabilities = await next(token);
  }
  for (let written = 0; written < count; written++) {
    signal?.throwIfAborted();
    const token = sample(probabilities);
    yield token;
    // Nobody would see what follows the last.
    if (written + 1 < count) probabilities = await next(token);
  }
}

export interface GenerateTextOptions extends Omit<SamplerOptions, "exclude"> {
  /** Read first; the tokenizer must find at least one token in it. */
  prompt: string;
  /** Tokens to write (default: no end): characters of a character model, words of a word model. */
  count?: number;
  signal?: AbortSignal;
}

/**
 * Lets a model go on where a text ends: the characters (of a word model, the words) one by one. Padding and unknown
 * tokens are never drawn.
 *
 * @param next the model: reads a token, gives the probabilities of the next
 * @param tokenizer the one that made the tokens that the model was trained on
 * @throws InvalidInputError for a prompt without tokens, or sampler options out of range
 * @throws {DOMException} `AbortError`: `signal` asked to stop.
 * @example
 * for await (const character of generateText(next, characters, { prompt: "Call me ", count: 200, temperature: 0.7 })) {
 *   process.stdout.write(character);
 * }
 */
export async function* generateText(
  next: NextToken,
  tokenizer: Pick<TextVectorization, "encode" | "decode">,
  { prompt, count, signal, ...sampling }: GenerateTextOptions,
): AsyncGenerator<string, void, undefined> {
  const sample = sampler({ ...sampling, exclude: [0, 1] });
  const tokens = generateTokens(next, { prompt: tokenizer.encode(prompt), count, sample, signal });
  for await (const token of tokens) yield tokenizer.decode([token]);
}

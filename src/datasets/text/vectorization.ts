import { describe, FormatError, invalid, InvalidInputError, StateError } from "../../runtime/errors";
import { type PaddedSequences, padSequences } from "../sequences";
import { type SplitName, type StandardizeName, namedOption, splitters, standardizers } from "./standardize";
import { PADDING, UNKNOWN, checkVocabulary, rankTokens } from "./vocabulary";

/** Options of `textVectorization`; names, meanings and defaults are Keras's. */
export interface TextVectorizationOptions {
  /** Size of the vocabulary, padding and unknown included; without it all tokens are kept. */
  maxTokens?: number | null;
  /** Done to a text before it is split (default "lowerAndStripPunctuation"); null for nothing. */
  standardize?: StandardizeName | (string & {}) | ((text: string) => string) | null;
  /** How a text becomes tokens (default "whitespace"); null: the whole text is one token. */
  split?: SplitName | (string & {}) | ((text: string) => readonly string[]) | null;
  /** Rows of `vectorize` are cut or filled up at their end to this length; without it, to the longest. */
  outputSequenceLength?: number | null;
  /** The tokens, the most frequent first, instead of `adapt`. */
  vocabulary?: readonly string[];
}

/** A vectorization as JSON holds it. */
export interface TextVectorizationConfig {
  maxTokens: number | null;
  standardize: StandardizeName | null;
  split: SplitName | null;
  outputSequenceLength: number | null;
  /** Without the two special tokens. */
  vocabulary: readonly string[];
}

const where = "textVectorization";

/** Turns texts into rows of token ids and back. Made by {@link textVectorization} or {@link characterTokenizer}. */
export class TextVectorization {
  readonly #maxTokens: number | null;
  readonly #length: number | null;
  readonly #standardize: StandardizeName | ((text: string) => string) | null;
  readonly #split: SplitName | ((text: string) => readonly string[]) | null;
  #vocabulary: string[] | undefined;
  #ids = new Map<string, number>();

  constructor(options: TextVectorizationOptions = {}) {
    const { standardize = "lowerAndStripPunctuation", split = "whitespace" } = options;
    this.#maxTokens = wholeOrNull("maxTokens", options.maxTokens, 3);
    this.#length = wholeOrNull("outputSequenceLength", options.outputSequenceLength, 1);
    this.#standardize =
      typeof standardize === "string" ? namedOption("standardize", standardize, standardizers) : standardize;
    this.#split = typeof split === "string" ? namedOption("split", split, splitters) : split;
    if (options.vocabulary) this.#know(checkVocabulary(options.vocabulary, this.#most));
  }

  /** All tokens by id: `""` for padding, `"[UNK]"` for what is unknown, then the most frequent first. */
  get vocabulary(): readonly string[] {
    return [PADDING, UNKNOWN, ...this.#known()];
  }

  /** Number of ids, for an embedding's `inputDim`. */
  get vocabularySize(): number {
    return this.#known().length + 2;
  }

  /** Learns the vocabulary of `texts`, in place of what was known before. */
  adapt(texts: Iterable<string>): this {
    const counts = new Map<string, number>();
    // A text alone would be taken letter by letter.
    for (const text of typeof texts === "string" ? [texts] : texts) {
      for (const token of this.tokenize(text)) counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    this.#know(rankTokens(counts, this.#most));
    return this;
  }

  /** The tokens of a text, known or not. */
  tokenize(text: string): readonly string[] {
    const plain =
      typeof this.#standardize === "string"
        ? standardizers[this.#standardize](text)
        : (this.#standardize?.(text) ?? text);
    if (this.#split === null) return [plain];
    return typeof this.#split === "string" ? splitters[this.#split](plain) : this.#split(plain);
  }

  /** The ids of a text's tokens, as many as there are; 1 for unknown ones. */
  encode(text: string): Int32Array {
    this.#known();
    return Int32Array.from(this.tokenize(text), (token) => this.#ids.get(token) ?? 1);
  }

  /** The text of ids: without padding; `[UNK]`, or � among characters, for the unknown. */
  decode(ids: ArrayLike<number>): string {
    const known = this.#known();
    const characters = this.#split === "character";
    const unknown = characters ? "\ufffd" : UNKNOWN;
    const tokens = Array.from(ids).filter((id) => id !== 0);
    return tokens.map((id) => known[id - 2] ?? unknown).join(characters ? "" : " ");
  }

  /** Rows of ids of one length, filled up with 0 at their end, as Keras's layer returns them. */
  vectorize(texts: readonly string[]): PaddedSequences {
    const rows = texts.map((text) => this.encode(text));
    return padSequences(rows, { maxlen: this.#length, padding: "post", truncating: "post" });
  }

  /**
   * What {@link textVectorizationFromJSON} needs; `JSON.stringify` calls it.
   *
   * @throws InvalidInputError where `standardize` or `split` is a function, which JSON cannot hold
   */
  toJSON(): TextVectorizationConfig {
    const [standardize, split] = [this.#standardize, this.#split];
    if (typeof standardize === "function" || typeof split === "function") {
      const expected = "standardize and split by name, to be written as JSON";
      throw invalid(where, expected, "a function", "keep the vocabulary alone");
    }
    const vocabulary = this.#known();
    return {
      maxTokens: this.#maxTokens,
      standardize,
      split,
      outputSequenceLength: this.#length,
      vocabulary,
    };
  }

  get #most(): number {
    return this.#maxTokens === null ? Infinity : this.#maxTokens - 2;
  }

  #know(tokens: string[]): void {
    this.#vocabulary = tokens;
    this.#ids = new Map([PADDING, UNKNOWN, ...tokens].map((token, id) => [token, id]));
  }

  #known(): readonly string[] {
    if (this.#vocabulary) return this.#vocabulary;
    throw new StateError(describe(where, "a vocabulary", "none", "call adapt(texts) or pass vocabulary"));
  }
}

function wholeOrNull(name: string, value: number | null | undefined, lowest: number): number | null {
  if (value === undefined || value === null) return null;
  if (Number.isInteger(value) && value >= lowest) return value;
  const expected = `${name} as a whole number of at least ${lowest}`;
  throw invalid(where, expected, String(value), "pass such a number or leave it out");
}

/**
 * A word tokenizer with the meaning of Keras's `TextVectorization` in its mode "int": id 0 is padding, 1 stands for
 * unknown tokens, the others follow by frequency.
 *
 * @throws InvalidInputError for an unknown name, a size out of range, or a vocabulary with a token twice
 * @example
 * const words = textVectorization({ maxTokens: 5000, outputSequenceLength: 4 });
 * words.adapt(["foo bar", "bar baz", "baz bada boom"]);
 * words.vectorize(["foo qux bar", "qux baz"]).data; // 4, 1, 3, 0, 1, 2, 0, 0
 *
 * @see https://keras.io/api/layers/preprocessing_layers/text/text_vectorization/
 */
export function textVectorization(options: TextVectorizationOptions = {}): TextVectorization {
  return new TextVectorization(options);
}

/**
 * A tokenizer whose tokens are the characters (Unicode's code points), taken as they are: `textVectorization` with
 * `standardize: null` and `split: "character"`.
 *
 * @throws InvalidInputError as `textVectorization` does
 * @example
 * const characters = characterTokenizer().adapt(["hello"]);
 * characters.encode("hole"); // 4, 3, 2, 5
 * characters.decode([4, 3, 2, 5]); // "hole"
 */
export function characterTokenizer(
  options: Pick<TextVectorizationOptions, "maxTokens" | "outputSequenceLength" | "vocabulary"> = {},
): TextVectorization {
  return new TextVectorization({ ...options, standardize: null, split: "character" });
}

/**
 * A vectorization from what its `toJSON` gave, as text or parsed.
 *
 * @throws FormatError where it is something else
 * @example
 * const copy = textVectorizationFromJSON(JSON.stringify(words));
 */
export function textVectorizationFromJSON(json: string | TextVectorizationConfig): TextVectorization {
  try {
    const config = (typeof json === "string" ? JSON.parse(json) : json) as TextVectorizationConfig;
    if (Array.isArray(config.vocabulary)) return new TextVectorization(config);
  } catch (error) {
    if (error instanceof InvalidInputError) throw new FormatError(error.message, { cause: error });
  }
  const expected = "what a vectorization's toJSON gave";
  throw new FormatError(describe("textVectorizationFromJSON", expected, "something else", "save it again"));
}

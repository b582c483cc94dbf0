/** In the reading worker: the text that a net learns to write, as rows of characters' numbers. */
import { characterTokenizer, textWindows, type TextVectorizationConfig } from "webgpu-rnn/datasets";

export interface TextRequest {
  /** How many of the text's characters are learnt, from its beginning. */
  characters: number;
  /** T */
  length: number;
}

/** Rows of a text, for each of their characters the one that follows it, and what the numbers stand for. */
export interface LoadedText {
  /** (rows, T) */
  x: Int32Array;
  /** (rows, T) */
  y: Float32Array;
  rows: number;
  tokenizer: TextVectorizationConfig;
  /** Characters that are learnt. */
  characters: number;
  /** The text's first words. */
  beginning: string;
}

const beginningLength = 40;

let bundled: Promise<string> | undefined;
let given: string | undefined;

/** What the page asks of texts. */
export const textService = {
  /** Fetches the text that comes with the page, once. */
  async fetchText(): Promise<void> {
    await bundledText();
  },

  /**
   * Takes a file in place of the text that comes with the page.
   *
   * @returns its characters
   */
  setText(bytes: Uint8Array): number {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r\n?/g, "\n");
    if (text.trim() === "") throw new Error("There is no text in it.");
    given = text;
    return text.length;
  },

  async loadText({ characters, length }: TextRequest): Promise<LoadedText> {
    const text = Array.from(given ?? (await bundledText()))
      .slice(0, characters)
      .join("");
    const tokenizer = characterTokenizer().adapt([text]);
    const { x, y } = textWindows(tokenizer.encode(text), { length });
    const start = text.slice(0, beginningLength);
    return {
      x: x.data,
      y: Float32Array.from(y),
      rows: x.shape[0],
      tokenizer: tokenizer.toJSON(),
      characters: text.length,
      beginning: start.slice(0, start.lastIndexOf(" ") + 1) || start,
    };
  },
};

function bundledText(): Promise<string> {
  bundled ??= fetchBundled().catch((error: unknown) => {
    bundled = undefined;
    throw error;
  });
  return bundled;
}

async function fetchBundled(): Promise<string> {
  const address = new URL("../public/texts/moby-dick.txt.gz", import.meta.url);
  const response = await fetch(address);
  if (!response.ok) throw new Error(`The text that comes with the page did not come: ${response.status}.`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // Some servers unpack it on the way.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return new TextDecoder().decode(bytes);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

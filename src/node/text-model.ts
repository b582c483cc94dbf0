import { generateText, textVectorizationFromJSON } from "../datasets/index";
import type { GenerateTextOptions, TextVectorization } from "../datasets/index";
import { dense, embedding, gru, lstm, sequential, simpleRNN, type Layer, type Sequential } from "../index";
import { inspectModel, loadModel } from "../io/index";
import { FormatError, describe } from "../runtime/errors";
import type { Cell } from "./text-flags";

const recurrent: Record<Cell, (units: number) => Layer> = {
  gru: (units) => gru(units, { returnSequences: true }),
  lstm: (units) => lstm(units, { returnSequences: true }),
  "simple-rnn": (units) => simpleRNN(units, { returnSequences: true }),
};

/** A model that foretells, after each character, the next: (batch, steps) → (batch, steps, V). */
export function characterModel(settings: {
  vocabulary: number;
  cell: Cell;
  embedding: number;
  units: number;
}): Sequential {
  const { vocabulary, cell, units } = settings;
  return sequential([
    embedding(vocabulary, settings.embedding),
    recurrent[cell](units),
    dense(vocabulary, { activation: "softmax" }),
  ]);
}

/** What a text model's file says beside its weights. */
export interface TextMetadata {
  tokenizer: TextVectorization;
  /** What to go on from where nothing else is given. */
  prompt: string;
}

/** As the strings that a model file's metadata can hold. */
export function toTextMetadata({ tokenizer, prompt }: TextMetadata): Record<string, string> {
  return { tokenizer: JSON.stringify(tokenizer), prompt };
}

/**
 * A model that `webgpu-rnn text` saved, and what its file says of the text.
 *
 * @throws {FormatError} the file is another model's.
 */
export async function loadTextModel(bytes: Uint8Array): Promise<TextMetadata & { model: Sequential }> {
  const { tokenizer, prompt = "" } = (await inspectModel(bytes)).metadata;
  if (tokenizer === undefined) {
    const expected = "a model with its tokenizer in the file's metadata";
    throw new FormatError(describe("text", expected, "none", "use a file that webgpu-rnn text wrote"));
  }
  return { model: await loadModel(bytes), tokenizer: textVectorizationFromJSON(tokenizer), prompt };
}

/** The characters that a model writes behind a prompt, each as soon as it is drawn. */
export async function* writing(
  model: Sequential,
  tokenizer: TextVectorization,
  options: GenerateTextOptions,
): AsyncGenerator<string, void, undefined> {
  const stream = await model.stream();
  try {
    yield* generateText(async (token) => (await stream.next(token)).output, tokenizer, options);
  } finally {
    stream.dispose();
  }
}

import { textVectorizationFromJSON, type NextToken, type TextVectorization } from "../datasets/index";
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
  /** T of the rows that it was trained on. */
  seqLength: number;
  /** What to go on from where nothing else is given. */
  prompt: string;
}

/** As the strings that a model file's metadata can hold. */
export function toTextMetadata({ tokenizer, seqLength, prompt }: TextMetadata): Record<string, string> {
  return { tokenizer: JSON.stringify(tokenizer), seq_length: String(seqLength), prompt };
}

/**
 * A model that `webgpu-rnn text` saved, and what its file says of the text.
 *
 * @throws {FormatError} the file is another model's.
 */
export async function loadTextModel(bytes: Uint8Array): Promise<TextMetadata & { model: Sequential }> {
  const { tokenizer, seq_length: length, prompt = "" } = (await inspectModel(bytes)).metadata;
  const seqLength = Number(length);
  if (tokenizer === undefined || !(Number.isInteger(seqLength) && seqLength > 0)) {
    const expected = "a model with its tokenizer in the file's metadata";
    throw new FormatError(describe("text", expected, "none", "use a file that webgpu-rnn text wrote"));
  }
  const model = await loadModel(bytes);
  return { model, tokenizer: textVectorizationFromJSON(tokenizer), seqLength, prompt };
}

/**
 * Lets a model that knows no state from call to call read token by token: each call reads again the last `length`
 * tokens. They stand at the row's beginning: what follows them has no influence on their outputs.
 */
export function rereading(model: Pick<Sequential, "predict">, length: number): NextToken {
  const read: number[] = [];
  return async (token) => {
    read.push(token);
    if (read.length > length) read.shift();
    const row = new Int32Array(length);
    row.set(read);
    const { data, shape } = await model.predict({ data: row, shape: [1, length] });
    const width = shape[2];
    return data.subarray((read.length - 1) * width, read.length * width);
  };
}

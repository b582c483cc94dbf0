import { generateText, textVectorizationFromJSON, type TextVectorization } from "webgpu-rnn/datasets";
import type { WorkerStream } from "webgpu-rnn/worker";
import type { LoadedText } from "./text-data";
import type { WriteSettings } from "./write-settings";

/** Lets a net write, character by character, with the weights that it has at that moment. */
export class Scribe {
  readonly #stream: WorkerStream;
  readonly #tokenizer: TextVectorization;
  #letters: AsyncGenerator<string, void, undefined> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(stream: WorkerStream, tokenizer: LoadedText["tokenizer"]) {
    this.#stream = stream;
    this.#tokenizer = textVectorizationFromJSON(tokenizer);
  }

  /** Begins a new text behind a prompt. */
  begin({ prompt, temperature, topK, seed }: WriteSettings): Promise<void> {
    return this.#inTurn(async () => {
      await this.#stream.reset();
      const next = async (token: number) => (await this.#stream.next(token)).output;
      const options = { prompt, temperature, topK: topK || undefined, seed };
      this.#letters = generateText(next, this.#tokenizer, options);
    });
  }

  /** The next character. */
  next(): Promise<string> {
    return this.#inTurn(async () => {
      const result = await this.#letters?.next();
      return result?.value ?? "";
    });
  }

  dispose(): void {
    this.#stream.dispose();
  }

  /** The stream has one state: whoever wants something of it waits for what was wanted before. */
  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

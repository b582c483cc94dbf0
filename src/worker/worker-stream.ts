import type { StreamStep } from "../index";
import type { Line } from "./line";

/** A sequence that a model in a worker takes token by token: the methods of `TokenStream`. Made by `WorkerModel.stream`. */
export class WorkerStream {
  readonly #line: Line;
  readonly #id: number;

  constructor(line: Line, id: number) {
    this.#line = line;
    this.#id = id;
  }

  /**
   * Takes one more token; see `TokenStream.next`. Calls that overlap are done one after the other.
   *
   * @param token id in [0, vocabulary)
   * @returns the model's output after it, and the states of its recurrent layers
   * @throws {InvalidInputError} an id out of range or not a whole number; nothing has changed then.
   * @throws {StateError} the stream or its model was disposed of, or the model compiled anew.
   * @example
   * const { output } = await stream.next(token);
   */
  async next(token: number): Promise<StreamStep> {
    return (await this.#line.call(this.#id, "next", [token])) as StreamStep;
  }

  /** Begins a new sequence: all states are zero again. */
  async reset(): Promise<void> {
    await this.#line.call(this.#id, "reset", []);
  }

  /** Frees what the stream holds on the device. A second call does nothing; any other use then rejects. */
  dispose(): void {
    this.#line.call(this.#id, "dispose", []).catch(() => undefined);
  }
}

import { byId, setText } from "./dom";
import type { Engine } from "./engine";
import type { Model, Weight } from "./net";
import type { Explained, ReaderService } from "./reader.worker";
import type { ReadingView } from "./reading-view";
import type { Remote } from "./rpc";

/** Typing pauses this long before the review is read again. */
const typingMilliseconds = 120;
/** The GPU's second opinion waits until the typing is over. */
const checkMilliseconds = 500;

/** The review on the page and the net that reads it. */
export class Desk {
  readonly #reader: Remote<ReaderService>;
  readonly #view: ReadingView;
  readonly #engine: Engine;
  readonly #review = byId<HTMLTextAreaElement>("review");
  #model: Model | undefined;
  #name = "";
  #owner: object | undefined;
  #reading = false;
  #again = false;
  #typing: ReturnType<typeof setTimeout> | undefined;
  #checking: ReturnType<typeof setTimeout> | undefined;

  /** Called when another net, or other weights, have been put on the desk. */
  onModel: () => void = () => undefined;

  constructor(reader: Remote<ReaderService>, view: ReadingView, engine: Engine) {
    this.#reader = reader;
    this.#view = view;
    this.#engine = engine;
    this.#review.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => void this.read(), typingMilliseconds);
    });
  }

  get model(): Model | undefined {
    return this.#model;
  }

  get name(): string {
    return this.#name;
  }

  /**
   * Puts a net on the desk.
   *
   * @param owner the training that will go on changing it
   * @throws {Error} it is one that the page cannot look into; the net before it stays.
   */
  async use(model: Model, name: string, owner?: object): Promise<void> {
    await this.#reader.call("setModel", model);
    this.#model = model;
    this.#name = name;
    this.#owner = owner;
    setText(byId("net-name"), name);
    this.onModel();
    await this.read();
  }

  /** New weights of the net on the desk, in the middle of its training; nothing where another net lies there by now. */
  async refresh(weights: Weight[], owner: object): Promise<void> {
    if (!this.#model || this.#owner !== owner) return;
    this.#model = { ...this.#model, weights };
    await this.#reader.call("setWeights", weights, this.#model.layers);
    await this.read();
  }

  async write(text: string): Promise<void> {
    this.#review.value = text;
    await this.read();
  }

  /** Reads what stands there now. */
  async read(): Promise<void> {
    if (!this.#model) return;
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      const explained = await this.#reader.call("explain", this.#review.value);
      this.#view.show(explained);
      this.#checkSoon(explained);
    } finally {
      this.#reading = false;
    }
    if (this.#again) {
      this.#again = false;
      await this.read();
    }
  }

  #checkSoon(explained: Explained): void {
    clearTimeout(this.#checking);
    const note = byId("check");
    if (!this.#engine.usable) return setText(note, "Computed on the processor, step by step.");
    if (this.#owner) return setText(note, "Weights of the running training, as of this moment.");
    this.#checking = setTimeout(() => void this.#check(explained), checkMilliseconds);
  }

  /** Asks the GPU for the same probability: two programs, one result. */
  async #check({ ids, probabilities }: Explained): Promise<void> {
    const model = this.#model;
    if (!model) return;
    const here = probabilities[probabilities.length - 1];
    try {
      const { data } = await this.#engine.predict(model, { data: ids, shape: [1, ids.length] });
      const apart = Math.abs(data[0] - here);
      const verdict =
        apart < 5e-7
          ? "they agree"
          : `${apart < 1e-4 ? "they agree but for" : "they differ by"} ${apart.toExponential(0)}`;
      setText(byId("check"), `GPU ${data[0].toFixed(6)}, processor ${here.toFixed(6)}: ${verdict}.`);
    } catch (error) {
      setText(
        byId("check"),
        `The GPU could not check it: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

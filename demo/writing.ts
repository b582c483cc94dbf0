import type { WorkerDevice } from "webgpu-rnn/worker";
import { writingCourse, type Standing } from "./courses";
import { duration } from "./dom";
import type { Engine } from "./engine";
import { messageOf, throughLosses } from "./losses";
import type { ReaderService } from "./reader.worker";
import type { Remote } from "./rpc";
import { Scribe } from "./scribe";
import type { LoadedText } from "./text-data";
import type { EpochMeans, Trainer } from "./trainer";
import type { TrainingState } from "./training";
import type { WriteSettings } from "./write-settings";
import type { WriteView } from "./write-view";

/** Characters of the sample at the end of an epoch; fewer where they take longer than this. */
const sampleLength = 160;
const sampleMilliseconds = 4000;
/** Characters that are written at a click. */
const clickLength = 400;
/** What writing may take of the time that the training takes. */
const share = 0.25;
/** No more of it is saved up: the training must not stop for long. */
const mostMilliseconds = 120;

/** Trains a net on a text, and lets it write: while it learns, and afterwards. */
export class Writing {
  readonly #engine: Engine;
  readonly #reader: Remote<ReaderService>;
  readonly #view: WriteView;
  #state: TrainingState = "idle";
  #trainer: Trainer<object> | undefined;
  #scribe: Scribe | undefined;
  #text: LoadedText | undefined;
  #settings: WriteSettings;
  #standing: Standing | undefined;
  #ended: EpochMeans | undefined;
  #pieceEnd = 0;
  /** Milliseconds that writing may take now; below 0 where a character took longer than it might. */
  #credit = 0;
  /** Changes with every new text: whoever writes on an old one stops. */
  #writing = 0;

  onState: (state: TrainingState) => void = () => undefined;

  constructor(engine: Engine, reader: Remote<ReaderService>, view: WriteView, settings: WriteSettings) {
    this.#engine = engine;
    this.#reader = reader;
    this.#view = view;
    this.#settings = settings;
  }

  get state(): TrainingState {
    return this.#state;
  }

  /** Whether there is a net that can write. */
  get canWrite(): boolean {
    return this.#scribe !== undefined;
  }

  /** The net, its text and its prompt, to be saved. */
  get net() {
    const [trainer, text] = [this.#trainer, this.#text];
    return trainer && text && { model: trainer.model, tokenizer: text.tokenizer, prompt: this.#prompt };
  }

  /** Trains a new net to the end, or until it is stopped. */
  async start(settings: WriteSettings): Promise<void> {
    if (this.#state !== "idle") return;
    this.#setState("starting");
    this.#settings = settings;
    this.#standing = undefined;
    this.#forgetNet();
    this.#view.begin();
    this.#view.say("Reading the text …");
    try {
      const text = await this.#reader.call("loadText", settings);
      this.#text = text;
      await throughLosses(
        this.#engine,
        (device, losses) => this.#train(device, settings, text, losses),
        (why) => {
          this.#forgetNet();
          this.#view.begin(this.#standing?.progress.epoch);
          this.#view.say(`The GPU was lost (${why}). Going on from the last epoch's end …`);
        },
      );
    } catch (error) {
      this.#forgetNet();
      this.#view.say(messageOf(error));
    }
    this.#setState("idle");
  }

  pause(): void {
    this.#trainer?.pause();
    this.#setState("paused");
    this.#view.say("Paused.");
  }

  resume(): void {
    this.#setState("running");
    this.#trainer?.resume();
  }

  stop(): void {
    this.#writing++;
    this.#trainer?.stop();
  }

  /** Another manner of writing: a text that is under way begins anew. */
  turn(settings: WriteSettings): void {
    const { prompt, temperature, topK } = settings;
    this.#settings = { ...this.#settings, prompt, temperature, topK };
    if (this.#state === "running") void this.#beginText().catch(() => undefined);
  }

  /** Begins a new text; where no training goes on writing it, it is written at once. */
  async write(): Promise<void> {
    try {
      await this.#beginText();
      if (this.#state !== "running") await this.#compose(clickLength);
    } catch (error) {
      this.#view.say(messageOf(error));
    }
  }

  async #train(device: WorkerDevice, settings: WriteSettings, text: LoadedText, losses: number) {
    this.#view.say("Compiling the kernels …");
    const place = { engine: this.#engine.worker, device };
    const trainer = await writingCourse(place, settings, text, this.#standing);
    this.#trainer = trainer;
    this.#scribe = new Scribe(await trainer.model.stream(), text.tokenizer);
    if (losses > 0 && this.#state === "paused") trainer.pause();
    else this.#setState("running");
    this.#view.say("Training …");
    await this.#beginText();
    this.#pieceEnd = performance.now();
    await trainer.run({
      onPoint: (point, speed) => {
        this.#view.point(point, speed, settings);
        if (this.#state === "running") this.#view.say("Training …");
      },
      onEpoch: (means) => void (this.#ended = means),
      between: () => this.#between(trainer),
    });
    const { epoch, seconds } = trainer.progress;
    this.#view.say(`${epoch === settings.epochs ? "Done" : "Stopped"} after ${duration(seconds)}.`);
  }

  /** Between two pieces of the training: a sample where an epoch is over, else a little more of the running text. */
  async #between({ model, progress }: Trainer<object>): Promise<void> {
    const means = this.#ended;
    this.#ended = undefined;
    if (means) {
      const [weights, optimizer] = [await model.getWeights(), await model.getOptimizerState()];
      const standing = { weights, optimizer, progress: structuredClone(progress) };
      await this.#beginText();
      const sample = await this.#compose(sampleLength, sampleMilliseconds);
      // Where the GPU was lost over the sample, the epoch is learnt again: otherwise its line would be missing.
      if (this.#trainer?.model !== model) return;
      this.#standing = standing;
      this.#view.epoch(means, this.#settings, sample);
    } else if (!document.hidden) {
      const began = performance.now();
      this.#credit = Math.min(mostMilliseconds, this.#credit + share * (began - this.#pieceEnd));
      if (this.#credit > 0) await this.#compose(Infinity, this.#credit);
      this.#credit -= performance.now() - began;
    }
    this.#pieceEnd = performance.now();
  }

  async #beginText(): Promise<void> {
    this.#writing++;
    const prompt = this.#prompt;
    this.#view.startText(prompt);
    await this.#scribe?.begin({ ...this.#settings, prompt });
  }

  /** Writes on until there are so many characters or it took so long, or until another text is begun. */
  async #compose(count: number, milliseconds = Infinity): Promise<string> {
    const writing = this.#writing;
    const end = performance.now() + milliseconds;
    let text = "";
    for (let i = 0; i < count && writing === this.#writing && this.#scribe; i++) {
      const character = await this.#scribe.next();
      if (writing === this.#writing) this.#view.append(character);
      text += character;
      if (performance.now() > end) break;
    }
    return text;
  }

  get #prompt(): string {
    return this.#settings.prompt || (this.#text?.beginning ?? "");
  }

  #forgetNet(): void {
    this.#writing++;
    this.#scribe?.dispose();
    this.#trainer?.dispose();
    this.#scribe = undefined;
    this.#trainer = undefined;
  }

  #setState(state: TrainingState): void {
    this.#state = state;
    this.onState(state);
  }
}

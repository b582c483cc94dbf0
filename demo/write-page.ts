import { saveModel } from "webgpu-rnn/io";
import { byId, setText } from "./dom";
import type { Engine } from "./engine";
import { offer } from "./files";
import { Knobs } from "./knobs";
import { messageOf } from "./losses";
import type { ReaderService } from "./reader.worker";
import type { Remote } from "./rpc";
import type { TrainingState } from "./training";
import { manner, writeKnobs, writePreset, writeSettingsFromHash } from "./write-settings";
import type { WriteSettings } from "./write-settings";
import { WriteView } from "./write-view";
import { Writing } from "./writing";

/** The tab "Write". */
export class WritePage {
  readonly #engine: Engine;
  readonly #reader: Remote<ReaderService>;
  readonly #view = new WriteView();
  readonly #writing: Writing;
  readonly #knobs: Knobs<WriteSettings>;

  /** @param onChange a knob was turned */
  constructor(engine: Engine, reader: Remote<ReaderService>, onChange: () => void) {
    this.#engine = engine;
    this.#reader = reader;
    const settings = writeSettingsFromHash(location.hash);
    this.#writing = new Writing(engine, reader, this.#view, settings);
    this.#knobs = new Knobs({
      knobs: writeKnobs,
      prefix: "write",
      settings,
      place: (key) => byId(manner.includes(key) ? "write-manner" : "write-knobs"),
      presetOf: () => writePreset,
      onChange: (now) => {
        this.#writing.turn(now);
        onChange();
      },
    });
    this.#writing.onState = (state) => this.#showState(state);
    this.#wire();
    this.#showState("idle");
  }

  get settings(): WriteSettings {
    return this.#knobs.settings;
  }

  set settings(settings: WriteSettings) {
    this.#knobs.set(settings);
  }

  /** What there is to compute with has become known. */
  showGpu(): void {
    this.#showState(this.#writing.state);
    if (!this.#engine.usable) this.#view.say("To train takes WebGPU: what is missing stands above.");
  }

  /** Takes a text file in place of the text that comes with the page. */
  async open(file: File): Promise<void> {
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const characters = await this.#reader.call("setText", bytes);
      setText(byId("write-source"), `${file.name}, ${characters.toLocaleString("en")} characters`);
      this.#view.say("The next training learns from it.");
    } catch (error) {
      this.#view.say(`${file.name}: expected a text in UTF-8; ${messageOf(error)}`);
    }
  }

  #wire(): void {
    const writing = this.#writing;
    byId("write-start").addEventListener("click", () => {
      if (this.#knobs.check()) void writing.start(this.settings);
    });
    byId("write-pause").addEventListener("click", () => {
      if (writing.state === "paused") writing.resume();
      else writing.pause();
    });
    byId("write-stop").addEventListener("click", () => writing.stop());
    byId("write-reset").addEventListener("click", () => this.#knobs.reset());
    byId("write-go").addEventListener("click", () => void writing.write());
    byId("write-save").addEventListener("click", () => void this.#save());
    byId("write-file").addEventListener("change", (event) => {
      const [file] = (event.target as HTMLInputElement).files ?? [];
      if (file) void this.open(file);
    });
  }

  #showState(state: TrainingState): void {
    const going = state === "running" || state === "paused";
    byId<HTMLButtonElement>("write-start").disabled = state !== "idle" || !this.#engine.usable;
    byId<HTMLButtonElement>("write-pause").disabled = !going;
    byId<HTMLButtonElement>("write-stop").disabled = !going;
    byId<HTMLButtonElement>("write-go").disabled = !this.#writing.canWrite;
    byId<HTMLButtonElement>("write-save").disabled = !this.#writing.canWrite;
    setText(byId("write-pause"), state === "paused" ? "Resume" : "Pause");
  }

  /** The file that `webgpu-rnn text --generate` writes from. */
  async #save(): Promise<void> {
    const { net } = this.#writing;
    if (!net) return;
    const metadata = { tokenizer: JSON.stringify(net.tokenizer), prompt: net.prompt };
    try {
      const bytes = await saveModel(net.model, "safetensors", { metadata });
      offer(new File([bytes], "text.safetensors", { type: "application/octet-stream" }));
    } catch (error) {
      this.#view.say(messageOf(error));
    }
  }
}

import { MemoryChart } from "./charts";
import type { Desk } from "./desk";
import { byId, make, percent, setText } from "./dom";
import type { Engine } from "./engine";
import { downloads, fromFile, offer, toFiles } from "./files";
import type { ReaderService } from "./reader.worker";
import type { Remote } from "./rpc";
import { wireTabs } from "./tabs";
import type { Training } from "./training";

/** Reviews that the memory curve is a mean of. */
const memoryReviews = 64;
const mostWrong = 12;
const snippetLength = 150;

/** The tabs below: what a net got wrong, what it remembers, which words it takes for alike, files. */
export class Inside {
  readonly #reader: Remote<ReaderService>;
  readonly #desk: Desk;
  readonly #engine: Engine;
  readonly #training: Training;
  readonly #memory = new MemoryChart(byId("chart-memory"));
  #memoryIsOld = true;

  constructor(reader: Remote<ReaderService>, desk: Desk, engine: Engine, training: Training) {
    this.#reader = reader;
    this.#desk = desk;
    this.#engine = engine;
    this.#training = training;
    wireTabs(byId("inside-tabs"), () => void this.#showOpenPanel());
    byId("find-wrong").addEventListener("click", () => void this.#findWrong());
    byId("near-word").addEventListener("input", () => void this.#showNeighbours());
    byId("model-file").addEventListener("change", (event) => {
      void this.open([...((event.target as HTMLInputElement).files ?? [])]);
    });
    for (const one of downloads) {
      const button = make("button", { type: "button", textContent: one.label, id: `download-${one.format}` });
      button.addEventListener("click", () => void this.#download(one));
      byId("downloads").append(button);
    }
  }

  /** Another net is on the desk. */
  update(): void {
    this.#memoryIsOld = true;
    void this.#showOpenPanel();
  }

  /** Reads a model, of TF.js from several files, and puts it on the desk; where that fails, the one before stays. */
  async open(files: File[]): Promise<void> {
    const [file] = files;
    if (!file) return;
    try {
      let guessed = "";
      const model = await fromFile(files.length > 1 ? files : file, async (...sizes) => {
        const preprocessing = await this.#reader.call("guess", ...sizes);
        const { dataset, maxlen } = preprocessing;
        const numbering = dataset === "imdb" ? "Keras's IMDB reviews" : "the sample reviews";
        guessed = ` It does not say what its words are: taken for those of ${numbering}, ${maxlen} at a time.`;
        return preprocessing;
      });
      await this.#desk.use(model, `${file.name}, opened from a file`);
      setText(byId("file-note"), `${file.name} reads now.${guessed}`);
    } catch (error) {
      setText(byId("file-note"), `${file.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #showOpenPanel(): Promise<void> {
    if (!byId("panel-memory").hidden && this.#memoryIsOld) await this.#showMemory();
    if (!byId("panel-near").hidden) await this.#showNeighbours();
  }

  async #showMemory(): Promise<void> {
    const model = this.#desk.model;
    if (!model) return;
    this.#memoryIsOld = false;
    const note = byId("memory-note");
    try {
      await this.#loadReviewsOf(model.preprocessing);
      const rows = Array.from({ length: memoryReviews }, (_, row) => row);
      const texts = await Promise.all(rows.map((row) => this.#reader.call("validationText", row)));
      const curve = await this.#reader.call("memory", texts);
      this.#memory.show(curve);
      fillMemoryTable(curve);
      const half = curve.findIndex((value) => value < curve[0] / 10);
      const reach = half < 0 ? "nowhere in these reviews" : `${half} words before the end`;
      setText(
        note,
        `Mean of ${memoryReviews} reviews. A tenth of the last word's gradient is reached ${reach}.`,
      );
    } catch (error) {
      setText(note, error instanceof Error ? error.message : String(error));
    }
  }

  async #showNeighbours(): Promise<void> {
    const word = byId<HTMLInputElement>("near-word").value.trim();
    const found = word && this.#desk.model ? await this.#reader.call("neighbours", word) : undefined;
    const items = found?.map(({ word: name, cosine }) => {
      const item = make("li", {}, make("span", {}, name), make("span", {}, cosine.toFixed(2)));
      item.style.setProperty("--share", `${Math.max(0, cosine) * 100}%`);
      return item;
    });
    const none = word ? `“${word}” is not among the words that this net knows.` : "Type a word.";
    byId("near").replaceChildren(...(items ?? [make("li", {}, none)]));
  }

  /** The data set that a net was trained on, cut and padded as then. */
  #loadReviewsOf({ dataset, numWords, maxlen }: { dataset: string; numWords: number; maxlen: number }) {
    if (dataset !== "sample" && dataset !== "imdb") {
      throw new Error("The file does not say which reviews this net was trained on.");
    }
    return this.#training.load({ data: dataset, numWords, maxlen });
  }

  async #findWrong(): Promise<void> {
    const note = byId("wrong-note");
    const model = this.#desk.model;
    if (!model) return;
    if (!this.#engine.usable) return setText(note, "This needs WebGPU: it reads all validation reviews.");
    setText(note, "Reading all validation reviews …");
    try {
      const { validX, validY } = await this.#loadReviewsOf(model.preprocessing);
      const { maxlen } = model.preprocessing;
      const x = { data: validX, shape: [validY.length, maxlen] as [number, number] };
      const { data } = await this.#engine.predict(model, x);
      const wrong = Array.from(data, (probability, row) => ({ row, probability, label: validY[row] }))
        .filter(({ probability, label }) => probability > 0.5 !== label > 0.5)
        .sort((a, b) => Math.abs(b.probability - b.label) - Math.abs(a.probability - a.label));
      setText(note, `${wrong.length} of ${validY.length} validation reviews are read wrongly.`);
      const shown = wrong.slice(0, mostWrong);
      const texts = await Promise.all(shown.map(({ row }) => this.#reader.call("validationText", row)));
      byId("wrong").replaceChildren(...shown.map((one, i) => this.#wrongItem(one, texts[i])));
    } catch (error) {
      setText(note, error instanceof Error ? error.message : String(error));
    }
  }

  #wrongItem({ probability, label }: { probability: number; label: number }, text: string): HTMLElement {
    const end = text.length > snippetLength ? `… ${text.slice(-snippetLength).replace(/^\S* /, "")}` : text;
    const says = `The net: ${percent(probability)} positive. The label: ${label > 0.5 ? "positive" : "negative"}.`;
    const button = make("button", { type: "button" }, make("small", {}, says), end);
    button.addEventListener("click", () => {
      void this.#desk.write(text);
      byId("read").scrollIntoView();
      byId("read").focus({ preventScroll: true });
    });
    return make("li", {}, button);
  }

  async #download(as: (typeof downloads)[number]): Promise<void> {
    const model = this.#desk.model;
    if (!model) return;
    const note = byId("file-note");
    setText(note, `Writing ${as.label} …`);
    try {
      const files = await toFiles(model, as);
      files.forEach(offer);
      setText(note, `${files.map(({ name }) => name).join(" and ")} written.`);
    } catch (error) {
      setText(note, error instanceof Error ? error.message : String(error));
    }
  }
}

function fillMemoryTable(curve: Float32Array): void {
  const rows = Array.from(curve, (value, k) =>
    make("tr", {}, make("td", {}, String(k)), make("td", {}, value.toExponential(3))),
  );
  byId("memory-table")
    .querySelector("tbody")
    ?.replaceChildren(...rows);
}

import { RunsChart } from "./charts";
import { announce, byId, duration, make, setText } from "./dom";
import { withPoint } from "./runs";
import type { EpochMeans, Point, Speed } from "./trainer";
import type { WriteSettings } from "./write-settings";

/** More than this of a running text is not kept on the page. */
const mostCharacters = 2000;
/** Characters are shown in bunches: one by one they would keep the page busy, and unsettle those whom motion does. */
const bunchMilliseconds = 80;
const calmMilliseconds = 1000;
const announcedCharacters = 100;

/** What the tab "Write" shows of a training and of the text that is written. */
export class WriteView {
  readonly #chart = new RunsChart(byId("chart-write-loss"), "loss");
  readonly #rows = byId("write-epochs").querySelector("tbody")!;
  readonly #box = byId("write-box");
  readonly #begin = make("b", {}, "Start the training, and watch it find letters, words, lines.");
  readonly #text = document.createTextNode("");
  #points: Point[] = [];
  #waiting = "";
  #showing = false;

  constructor() {
    byId("write-text").append(this.#begin, this.#text);
    this.#draw();
  }

  say(text: string): void {
    setText(byId("write-status"), text);
  }

  /** A training begins; with an epoch, it goes on from that one's beginning. */
  begin(epoch = 0): void {
    this.#points = this.#points.filter(({ at }) => at <= epoch);
    while (this.#rows.childElementCount > epoch) this.#rows.lastElementChild?.remove();
    this.#draw();
  }

  point(point: Point, speed: Speed, { epochs, length }: WriteSettings): void {
    const { samplesPerSecond, stepMilliseconds, secondsLeft, step, steps, epoch } = speed;
    this.#points = withPoint(this.#points, point);
    this.#draw();
    byId<HTMLProgressElement>("write-progress").value = (epoch + step / steps) / epochs;
    setText(byId("w-epoch"), `${Math.min(epoch + 1, epochs)} / ${epochs}`);
    setText(byId("w-step"), `${step} / ${steps}`);
    setText(byId("w-speed"), Math.round(samplesPerSecond * length).toLocaleString("en"));
    setText(byId("w-ms"), `${stepMilliseconds.toFixed(stepMilliseconds < 10 ? 2 : 0)} ms`);
    setText(byId("w-left"), duration(secondsLeft));
    setText(byId("w-loss"), point.loss.toFixed(3));
  }

  /** An epoch is over, and this is what the net wrote then. */
  epoch({ epoch, loss, acc }: EpochMeans, { epochs }: WriteSettings, sample: string): void {
    const figures = [String(epoch + 1), loss.toFixed(3), acc.toFixed(3)];
    const cells = figures.map((text) => make("td", {}, text));
    this.#rows.append(make("tr", {}, ...cells, make("td", { className: "sample" }, sample)));
    const box = byId("write-samples");
    box.scrollTop = box.scrollHeight;
    const begin = sample.slice(0, announcedCharacters);
    announce(`Epoch ${epoch + 1} of ${epochs}: loss ${loss.toFixed(3)}. It writes: ${begin}`);
  }

  /** A new text begins. */
  startText(prompt: string): void {
    this.#waiting = "";
    setText(this.#begin, prompt);
    this.#text.data = "";
    this.#box.scrollTop = 0;
  }

  append(characters: string): void {
    this.#waiting += characters;
    if (this.#showing) return;
    this.#showing = true;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    setTimeout(() => this.#show(), calm ? calmMilliseconds : bunchMilliseconds);
  }

  #show(): void {
    this.#showing = false;
    this.#text.appendData(this.#waiting);
    this.#waiting = "";
    if (this.#text.length > mostCharacters) this.#text.deleteData(0, this.#text.length - mostCharacters);
    this.#box.scrollTop = this.#box.scrollHeight;
  }

  #draw(): void {
    this.#chart.show([{ points: this.#points, epochs: [], colour: 0 }]);
  }
}

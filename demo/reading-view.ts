import { byId, make, percent, setText } from "./dom";
import type { Explained, Token } from "./reader.worker";
import { drawStrip, type Columns } from "./reading-strip";

/** Shows one reading: the verdict, the words, the strip below them, the table. */
export class ReadingView {
  readonly #strip = byId("strip");
  readonly #words = byId("words");
  readonly #cursor = byId("strip-cursor");
  readonly #canvas = byId<HTMLCanvasElement>("strip-canvas");
  readonly #table = byId("word-table").querySelector("tbody")!;
  #reading: Explained | undefined;
  #columns: Columns = { left: 0, width: 1 };
  #spans: HTMLElement[] = [];
  #current = 0;
  #chosen = false;

  constructor() {
    this.#strip.addEventListener("pointermove", (event) => this.#point(event));
    this.#strip.addEventListener("pointerdown", (event) => this.#point(event));
    this.#strip.addEventListener("keydown", (event) => this.#press(event));
    this.#words.addEventListener("pointerover", ({ target }) => {
      const index = this.#spans.indexOf(target as HTMLElement);
      if (index >= 0) this.#choose(index);
    });
    const toggle = this.#table.closest("details");
    toggle?.addEventListener("toggle", () => this.#fillTable());
    new ResizeObserver(() => this.redraw()).observe(this.#strip.parentElement!);
  }

  /** Shows a reading; where the words are the same as before, only colours and figures change. */
  show(reading: Explained): void {
    const same = this.#reading && sameTokens(this.#reading, reading);
    this.#reading = reading;
    if (!same) {
      this.#writeWords(reading);
      this.#current = reading.tokens.length - 1;
      this.#chosen = false;
      this.#strip.setAttribute("aria-valuemax", String(reading.tokens.length - 1));
    }
    this.#colourWords(reading);
    this.#showVerdict(reading);
    this.redraw();
    this.#fillTable();
  }

  /** Draws again: the width or the colours have changed. */
  redraw(): void {
    if (!this.#reading) return;
    const available = this.#strip.parentElement!.clientWidth;
    this.#columns = drawStrip(this.#canvas, this.#reading, available);
    this.#showCurrent();
  }

  #showVerdict({ probabilities }: Explained): void {
    const probability = probabilities[probabilities.length - 1];
    setText(byId("probability"), percent(probability));
    setText(byId("verdict-word"), probability > 0.5 ? "positive" : "negative");
    byId("scale-mark").style.transform = `translateX(${probability * 100}%)`;
  }

  #writeWords({ tokens, padding, cut }: Explained): void {
    const nodes: Node[] = [];
    if (padding > 0) nodes.push(mark(`${padding} × padding`), new Text(" "));
    if (cut > 0) nodes.push(mark(`${cut} words before these are cut off`), new Text(" "));
    this.#spans = tokens.map(({ text, kind }) => {
      if (kind === "start") return mark("start");
      return make("span", { textContent: text, className: kind === "unknown" ? "unknown" : "" });
    });
    for (const span of this.#spans) nodes.push(span, new Text(" "));
    this.#words.replaceChildren(...nodes);
  }

  #colourWords({ influence, padding }: Explained): void {
    const own = influence.subarray(padding);
    const largest = Math.max(...own.map(Math.abs), 1e-9);
    this.#spans.forEach((span, i) => {
      const share = own[i] / largest;
      const colour = share > 0 ? "positive" : "negative";
      // Less than in proportion: a tenth of the largest influence should still be seen.
      span.style.background = `rgba(var(--${colour}-rgb), ${(0.4 * Math.abs(share) ** 0.6).toFixed(3)})`;
    });
  }

  #point({ clientX }: PointerEvent): void {
    const { left, width } = this.#columns;
    const x = clientX - this.#strip.getBoundingClientRect().left;
    this.#choose(Math.floor((x - left) / width));
  }

  #press(event: KeyboardEvent): void {
    const last = (this.#reading?.tokens.length ?? 1) - 1;
    const moves: Record<string, number> = {
      ArrowRight: this.#current + 1,
      ArrowUp: this.#current + 1,
      ArrowLeft: this.#current - 1,
      ArrowDown: this.#current - 1,
      PageUp: this.#current + 10,
      PageDown: this.#current - 10,
      Home: 0,
      End: last,
    };
    if (!Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    this.#choose(moves[event.key]);
    const { left, width } = this.#columns;
    const scroller = this.#strip.parentElement!;
    const x = left + this.#current * width;
    if (x < scroller.scrollLeft || x > scroller.scrollLeft + scroller.clientWidth - width) {
      scroller.scrollLeft = x - scroller.clientWidth / 2;
    }
  }

  #choose(index: number): void {
    if (!this.#reading) return;
    this.#spans[this.#current]?.classList.remove("current");
    this.#current = Math.max(0, Math.min(index, this.#reading.tokens.length - 1));
    this.#chosen = true;
    this.#showCurrent();
  }

  #showCurrent(): void {
    const reading = this.#reading;
    if (!reading) return;
    const { left, width } = this.#columns;
    this.#cursor.style.left = `${left + (this.#current + 0.5) * width - 1}px`;
    this.#cursor.hidden = !this.#chosen;
    const text = describeWord(reading, this.#current);
    this.#strip.setAttribute("aria-valuenow", String(this.#current));
    this.#strip.setAttribute("aria-valuetext", text);
    if (!this.#chosen) return;
    this.#spans[this.#current]?.classList.add("current");
    setText(byId("word-detail"), text);
  }

  #fillTable(): void {
    const reading = this.#reading;
    if (!reading || !this.#table.closest("details")?.open) return;
    const { tokens, ids, padding, probabilities, influence } = reading;
    const rows = tokens.map((one, i) => {
      const t = padding + i;
      const cells = [String(ids[t]), probabilities[t].toFixed(4), signed(influence[t])];
      return make("tr", {}, make("td", {}, nameOf(one)), ...cells.map((text) => make("td", {}, text)));
    });
    this.#table.replaceChildren(...rows);
  }
}

function mark(text: string): HTMLElement {
  return make("span", { textContent: text, className: "mark" });
}

function nameOf({ text, kind }: Token): string {
  if (kind === "start") return "start mark";
  return kind === "unknown" ? `${text} (unknown)` : text;
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toPrecision(3)}`;
}

function describeWord({ tokens, padding, probabilities, influence }: Explained, index: number): string {
  const t = padding + index;
  const before = t > 0 ? probabilities[t - 1] : 0.5;
  const change = (probabilities[t] - before) * 100;
  const moved = `${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(1)}`;
  return (
    `“${nameOf(tokens[index])}”: ${percent(probabilities[t])} after it (${moved} points), ` +
    `influence on the final score ${signed(influence[t])}`
  );
}

function sameTokens(a: Explained, b: Explained): boolean {
  return (
    a.padding === b.padding &&
    a.cut === b.cut &&
    a.tokens.length === b.tokens.length &&
    a.tokens.every(({ text, kind }, i) => text === b.tokens[i].text && kind === b.tokens[i].kind)
  );
}

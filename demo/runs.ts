import { colourOf, RunsChart } from "./charts";
import type { EpochFigures } from "./courses";
import { byId, duration, make, percent } from "./dom";
import type { Settings } from "./settings";
import { presets, differences } from "./settings";
import * as store from "./store";
import type { Point } from "./trainer";

/** A training, running or past. */
export interface Run {
  id: number;
  name: string;
  settings: Settings;
  adapter: string;
  points: Point[];
  epochs: EpochFigures[];
  seconds: number;
  colour: number;
  shown: boolean;
  state: "running" | "paused" | "stopped" | "done";
}

/** More points than a chart has pixels are merged, two by two. */
const mostPoints = 800;
const storageKey = "runs";
const mostKept = 12;

/** The runs with their charts and tables. */
export class Runs {
  readonly #accuracy = new RunsChart(byId("chart-acc"), "acc");
  readonly #loss = new RunsChart(byId("chart-loss"), "loss");
  readonly #rows = byId("runs").querySelector("tbody")!;
  readonly #epochRows = byId("epoch-table").querySelector("tbody")!;
  readonly #onReuse: (settings: Settings) => void;
  #runs: Run[] = [];
  #drawing = false;

  /** @param onReuse the user wants the settings of a run back on the knobs */
  constructor(onReuse: (settings: Settings) => void) {
    this.#onReuse = onReuse;
    this.#epochRows.closest("details")?.addEventListener("toggle", () => this.#fillEpochs());
  }

  /** The runs of earlier visits, or the recorded one on the first. */
  async restore(recorded: Run): Promise<void> {
    const kept = (await store.load(storageKey)) as Run[] | undefined;
    this.#runs = kept?.length ? kept : [recorded];
    for (const run of this.#runs) if (run.state !== "done") run.state = "stopped";
    this.refresh();
  }

  begin(settings: Settings, adapter: string): Run {
    const id = Math.max(0, ...this.#runs.map((run) => run.id)) + 1;
    const run: Run = {
      id,
      name: `Run ${id}`,
      settings: { ...settings },
      adapter,
      points: [],
      epochs: [],
      seconds: 0,
      colour: id,
      shown: true,
      state: "running",
    };
    this.add(run);
    return run;
  }

  add(run: Run): void {
    this.#runs = [run, ...this.#runs.filter(({ id }) => id !== run.id)].slice(0, mostKept);
    this.refresh();
  }

  find(id: number): Run | undefined {
    return this.#runs.find((run) => run.id === id);
  }

  addPoint(run: Run, point: Point): void {
    run.points = withPoint(run.points, point);
    this.#drawSoon();
  }

  addEpoch(run: Run, figures: EpochFigures): void {
    run.epochs.push(figures);
    this.refresh();
    void this.save();
  }

  async save(): Promise<void> {
    await store.keep(storageKey, this.#runs);
  }

  /** Writes tables and charts anew. */
  refresh(): void {
    const focused = document.activeElement?.id;
    this.#rows.replaceChildren(...this.#runs.map((run) => this.#row(run)));
    if (focused && focused !== document.activeElement?.id) document.getElementById(focused)?.focus();
    this.#fillEpochs();
    this.#draw();
  }

  /** Points may come faster than anyone can see. */
  #drawSoon(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    setTimeout(() => {
      this.#drawing = false;
      this.#draw();
    }, 150);
  }

  #draw(): void {
    // The newest is drawn last, above the others.
    const shown = this.#runs.filter((run) => run.shown).reverse();
    this.#accuracy.show(shown);
    this.#loss.show(shown);
  }

  #row(run: Run): HTMLTableRowElement {
    const box = make("input", { type: "checkbox", checked: run.shown, id: `show-${run.id}` });
    box.addEventListener("change", () => {
      run.shown = box.checked;
      this.refresh();
    });
    const swatch = make("span", { className: "swatch" });
    swatch.style.background = colourOf(run.colour);
    const label = make("label", {}, box, swatch, run.name);
    const reuse = make("button", {
      type: "button",
      className: "quiet small",
      textContent: "Use",
      id: `use-${run.id}`,
    });
    reuse.setAttribute("aria-label", `Use the settings of ${run.name}`);
    reuse.addEventListener("click", () => this.#onReuse(run.settings));
    const remove = make("button", {
      type: "button",
      className: "quiet small",
      textContent: "✕",
      id: `drop-${run.id}`,
    });
    remove.setAttribute("aria-label", `Remove ${run.name}`);
    remove.disabled = run.state === "running" || run.state === "paused";
    remove.addEventListener("click", () => {
      this.#runs = this.#runs.filter((other) => other !== run);
      this.refresh();
      void this.save();
    });
    const best = Math.max(...run.epochs.map(({ val_acc }) => val_acc));
    const cells = [
      describeSettings(run.settings),
      `${run.epochs.length} of ${run.settings.epochs}`,
      run.epochs.length > 0 ? percent(best) : "–",
      duration(run.seconds),
    ];
    return make(
      "tr",
      {},
      make("td", {}, label),
      ...cells.map((text) => make("td", {}, text)),
      make("td", {}, reuse, remove),
    );
  }

  #fillEpochs(): void {
    if (!this.#epochRows.closest("details")?.open) return;
    const rows = this.#runs
      .filter(({ shown }) => shown)
      .flatMap((run) => run.epochs.map((one) => [run.name, ...figuresOf(one)]));
    this.#epochRows.replaceChildren(
      ...rows.map((cells) => make("tr", {}, ...cells.map((text) => make("td", {}, text)))),
    );
  }
}

function figuresOf({ epoch, loss, acc, val_loss, val_acc }: EpochFigures): string[] {
  return [String(epoch + 1), ...[loss, acc, val_loss, val_acc].map((value) => value.toFixed(4))];
}

/** What a run was: its data, and what was not as preset. */
function describeSettings(settings: Settings): string {
  const changes = differences({ ...settings, epochs: 0 }, { ...presets[settings.data], epochs: 0 });
  return [settings.data === "imdb" ? "IMDB" : "sample", changes].filter(Boolean).join(", ");
}

/** The points with one more. */
export function withPoint(points: Point[], point: Point): Point[] {
  points.push(point);
  return points.length > mostPoints ? merged(points) : points;
}

function merged(points: readonly Point[]): Point[] {
  const half: Point[] = [];
  for (let i = 0; i < points.length; i += 2) {
    const [first, second = first] = [points[i], points[i + 1]];
    half.push({
      at: second.at,
      loss: (first.loss + second.loss) / 2,
      acc: (first.acc + second.acc) / 2,
    });
  }
  return half;
}

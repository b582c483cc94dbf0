import type { ProgramSample } from "webgpu-rnn";
import { byId, make, setText } from "./dom";

/** The table of how long each kernel of a training step takes on the GPU: means over the samples of a training. */
export class KernelTimes {
  readonly #rows = byId("kernel-table").querySelector("tbody")!;
  #sums = new Map<string, number>();
  #samples = 0;

  /** @param canTell whether the device has time stamps */
  begin(canTell: boolean): void {
    this.#sums = new Map();
    this.#samples = 0;
    this.#rows.replaceChildren();
    const why =
      "This browser or adapter has no GPU time stamps (timestamp-query): only the step time is known.";
    setText(byId("kernel-note"), canTell ? "Waiting for the first step …" : why);
  }

  /** Takes the times of one step. */
  add({ steps }: ProgramSample): void {
    this.#samples++;
    for (const { kernel, milliseconds } of steps) {
      this.#sums.set(kernel, (this.#sums.get(kernel) ?? 0) + milliseconds);
    }
    const means = [...this.#sums].map(([kernel, sum]) => ({ kernel, mean: sum / this.#samples }));
    const total = means.reduce((sum, { mean }) => sum + mean, 0);
    this.#rows.replaceChildren(...means.map(({ kernel, mean }) => row(kernel, mean, mean / (total || 1))));
    const steady = this.#samples === 1 ? "1 step" : `mean of ${this.#samples} steps`;
    setText(byId("kernel-note"), `${milliseconds(total)} in all, ${steady}, one every two seconds`);
  }
}

const milliseconds = (time: number): string => `${time.toFixed(time < 10 ? 2 : 1)} ms`;

function row(kernel: string, mean: number, share: number): HTMLTableRowElement {
  const bar = make("td", { className: "share" }, `${Math.round(share * 100)} %`);
  bar.style.setProperty("--share", `${share * 100}%`);
  const name = make("th", { scope: "row" }, make("code", {}, kernel));
  return make("tr", {}, name, make("td", {}, milliseconds(mean)), bar);
}

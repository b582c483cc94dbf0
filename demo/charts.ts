import uPlot from "uplot";
import { token } from "./dom";
import type { EpochFigures, Point } from "./trainer";

/** A run as the charts show it. */
export interface Curve {
  points: readonly Point[];
  epochs: readonly EpochFigures[];
  colour: number;
}

/** Okabe and Ito's palette, which stays apart for every kind of colour vision; for light and for dark paper. */
const palettes = {
  light: ["#0072b2", "#c4500a", "#007a5a", "#a8527f", "#8a6d00", "#2f7fb0"],
  dark: ["#56b4e9", "#f08a4b", "#2fc39b", "#e39ac2", "#e6c229", "#9ad1f5"],
};

/** A colour of the palette, for the theme that is set. */
export function colourOf(number: number): string {
  const theme = document.documentElement.dataset.theme === "dark" ? "dark" : "light";
  return palettes[theme][number % palettes[theme].length];
}

type Figure = "loss" | "acc";

/** A chart that fills its box and is drawn anew when the box or the theme changes. */
abstract class Chart {
  protected readonly box: HTMLElement;
  #plot: uPlot | undefined;

  constructor(box: HTMLElement) {
    this.box = box;
    new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = box;
      if (width > 0) this.#plot?.setSize({ width, height });
      if (!this.#plot) this.draw();
    }).observe(box);
  }

  abstract draw(): void;

  protected plot(
    series: uPlot.Series[],
    data: uPlot.AlignedData,
    scales: uPlot.Scales,
    labels: Labels,
    decades = false,
  ): void {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (width === 0) return;
    this.#plot?.destroy();
    const options: uPlot.Options = {
      width,
      height,
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 8, 0, 0],
      scales,
      axes: [axis(30, labels.x, 56), { ...axis(46, labels.y, 28), ...(decades ? onlyDecades : {}) }],
      series: [{}, ...series],
    };
    this.#plot = new uPlot(options, data, this.box);
  }

  /** New numbers for the curves that are there. */
  protected set(data: uPlot.AlignedData): void {
    this.#plot?.setData(data);
  }
}

const isDecade = (value: number): boolean => Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6);
const keepDecades: uPlot.Axis.Filter = (_, values) => values.map((value) => (isDecade(value) ? value : null));
/** A logarithmic axis without the lines between the powers of ten. */
const onlyDecades = { filter: keepDecades, grid: { stroke: "#8885", width: 1, filter: keepDecades } };

function powerOfTen(value: number): string {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const exponent = Math.round(Math.log10(value));
  const raised = [...String(Math.abs(exponent))].map((digit) => digits[Number(digit)]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${raised}`;
}

interface Labels {
  x?: (value: number) => string;
  y?: (value: number) => string;
}

function axis(size: number, label: ((value: number) => string) | undefined, space: number): uPlot.Axis {
  return {
    size,
    space,
    gap: 4,
    stroke: token("soft"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: token("line"), width: 1 },
    ticks: { show: false },
    ...(label ? { values: (_, values) => values.map((value) => (value === null ? "" : label(value))) } : {}),
  };
}

/** Loss or accuracy of several runs by epoch: training drawn through, validation dashed. */
export class RunsChart extends Chart {
  readonly #figure: Figure;
  #curves: readonly Curve[] = [];
  #drawn = "";

  constructor(box: HTMLElement, figure: Figure) {
    super(box);
    this.#figure = figure;
  }

  show(curves: readonly Curve[]): void {
    this.#curves = curves;
    this.draw();
  }

  draw(): void {
    const figure = this.#figure;
    const curves = this.#curves;
    const tables = curves.flatMap(({ points, epochs }) => [
      [points.map(({ at }) => at), points.map((point) => point[figure])],
      [epochs.map(({ epoch }) => epoch + 1), epochs.map((one) => one[`val_${figure}`])],
    ]) as uPlot.AlignedData[];
    const data =
      tables.length > 0
        ? uPlot.join(tables)
        : ([
            [0, 1],
            [null, null],
          ] as uPlot.AlignedData);
    const theme = document.documentElement.dataset.theme ?? "";
    const drawn = `${theme} ${curves.map(({ colour }) => colour).join()}`;
    if (drawn === this.#drawn) return this.set(data);
    this.#drawn = drawn;
    const series = curves.length > 0 ? curves.flatMap(({ colour }) => pair(colour)) : [{}];
    const range = figure === "acc" ? accuracyRange : lossRange;
    const labels: Labels = { y: figure === "acc" ? (v) => `${Math.round(v * 100)} %` : undefined };
    this.plot(series, data, { x: { time: false, range: epochRange }, y: { range } }, labels);
  }

  /** Colours have changed. */
  redraw(): void {
    this.#drawn = "";
    this.draw();
  }
}

function pair(colour: number): uPlot.Series[] {
  const stroke = colourOf(colour);
  const points = { show: true, size: 5, fill: stroke };
  return [
    { stroke, width: 1.25, spanGaps: true, points: { show: false } },
    { stroke, width: 2, dash: [5, 4], spanGaps: true, points },
  ];
}

const epochRange: uPlot.Range.Function = (_, __, max) => [0, Math.max(1, Math.ceil(max ?? 1))];
const accuracyRange: uPlot.Range.Function = (_, min) => [
  Math.min(0.4, Math.floor((min ?? 0.4) * 10) / 10),
  1,
];
const lossRange: uPlot.Range.Function = (_, __, max) => [0, Math.max(0.8, max ?? 0.8)];

/** The mean gradient by distance from the end, on a logarithmic axis. */
export class MemoryChart extends Chart {
  #values: Float32Array | undefined;

  show(values: Float32Array): void {
    this.#values = values;
    this.draw();
  }

  draw(): void {
    if (!this.#values || this.#values.length === 0) return;
    // A logarithmic axis has no place for a gradient that has died out altogether.
    const y = Array.from(this.#values, (value) => (value > 1e-30 ? value : null));
    const x = y.map((_, k) => k);
    const series = [{ stroke: colourOf(0), width: 2, points: { show: false } }];
    const labels: Labels = { y: powerOfTen };
    this.plot(series, [x, y], { x: { time: false }, y: { distr: 3 } }, labels, true);
  }
}

import { FixedScaleAxis, LineChart, type LineChartOptions } from "chartist";
import type { EpochFigures } from "./courses";
import type { Point } from "./trainer";

/** A run as the charts show it. */
export interface Curve {
  points: readonly Point[];
  epochs: readonly EpochFigures[];
  colour: number;
}

/** How many colours tokens.css has for curves. */
const colours = 6;

/** A curve's colour as CSS has it: another one for light and for dark paper. */
export function colourOf(number: number): string {
  return `var(--curve-${number % colours})`;
}

type Figure = "loss" | "acc";
type Dots = { x: number; y: number }[];

/** One line of a chart; its class names colour and dashes, which are in charts.css. */
interface Line {
  name: string;
  className: string;
  data: Dots;
}

interface Scale {
  low: number;
  high: number;
  ticks: number[];
  label: (value: number) => string;
}

/** The dashed lines have a dot for each epoch; the others have too many points for that. */
const dotted = "unseen";

/** A chart that fills its box, and is drawn anew when the box changes. */
abstract class Chart {
  readonly #box: HTMLElement;
  #chart: LineChart | undefined;

  constructor(box: HTMLElement) {
    this.#box = box;
    new ResizeObserver(() => this.draw()).observe(box);
  }

  abstract draw(): void;

  protected plot(series: Line[], x: Scale, y: Scale): void {
    if (this.#box.clientWidth === 0) return;
    const dots = series.filter(({ className }) => className.includes(dotted));
    const options: LineChartOptions = {
      axisX: axis(x, 18),
      axisY: axis(y, 50),
      chartPadding: { top: 8, right: 14, bottom: 0, left: 0 },
      showPoint: false,
      lineSmooth: false,
      series: Object.fromEntries(dots.map(({ name }) => [name, { showPoint: true }])),
    };
    if (this.#chart) this.#chart.update({ series }, options);
    else this.#chart = new LineChart(this.#box, { series }, options);
  }
}

function axis({ low, high, ticks, label }: Scale, offset: number) {
  return {
    type: FixedScaleAxis,
    low,
    high,
    ticks,
    offset,
    labelInterpolationFnc: (value: number) => label(value),
  };
}

/** Round numbers from `low` to `high`, about `count` of them. */
export function ticksBetween(low: number, high: number, count: number): number[] {
  const power = 10 ** Math.floor(Math.log10((high - low) / count));
  const step = power * ([1, 2, 5].find((factor) => factor * power * count >= high - low) ?? 10);
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

/** Loss or accuracy of several runs by epoch: training drawn through, validation dashed. */
export class RunsChart extends Chart {
  readonly #figure: Figure;
  #curves: readonly Curve[] = [];

  constructor(box: HTMLElement, figure: Figure) {
    super(box);
    this.#figure = figure;
  }

  show(curves: readonly Curve[]): void {
    this.#curves = curves;
    this.draw();
  }

  draw(): void {
    const lines = this.#curves.flatMap((curve, i) => linesOf(curve, this.#figure, i));
    const dots = lines.flatMap(({ data }) => data);
    const most = (values: number[], least: number): number => values.reduce((a, b) => Math.max(a, b), least);
    const last = Math.ceil(
      most(
        dots.map(({ x }) => x),
        1,
      ),
    );
    const x = { low: 0, high: last, ticks: ticksBetween(0, last, 5), label: String };
    const y =
      this.#figure === "acc"
        ? accuracyScale(dots)
        : lossScale(
            most(
              dots.map((dot) => dot.y),
              0.8,
            ),
          );
    this.plot(lines, x, y);
  }
}

function linesOf({ points, epochs, colour }: Curve, figure: Figure, i: number): Line[] {
  const className = `curve curve-${colour % colours}`;
  return [
    { name: `learnt-${i}`, className, data: points.map((point) => ({ x: point.at, y: point[figure] })) },
    {
      name: `${dotted}-${i}`,
      className: `${className} ${dotted}`,
      data: epochs.map((one) => ({ x: one.epoch + 1, y: one[`val_${figure}`] })),
    },
  ];
}

function accuracyScale(dots: Dots): Scale {
  const least = dots.reduce((low, { y }) => Math.min(low, y), 0.4);
  const low = Math.floor(least * 10) / 10;
  return { low, high: 1, ticks: ticksBetween(low, 1, 5), label: (value) => `${Math.round(value * 100)} %` };
}

function lossScale(high: number): Scale {
  return { low: 0, high, ticks: ticksBetween(0, high, 5), label: String };
}

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
    const data = Array.from(this.#values, (value, x) => ({ x, y: Math.log10(value) })).filter(
      ({ y }) => y > -30,
    );
    const exponents = data.map(({ y }) => y);
    const [low, high] = [Math.floor(Math.min(...exponents)), Math.ceil(Math.max(...exponents))];
    const last = this.#values.length - 1;
    const x = { low: 0, high: last, ticks: ticksBetween(0, last, 8), label: String };
    const ticks = ticksBetween(low, high, 6).filter(Number.isInteger);
    const y = { low, high, ticks, label: powerOfTen };
    this.plot([{ name: "gradient", className: "curve curve-0", data }], x, y);
  }
}

function powerOfTen(exponent: number): string {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const raised = [...String(Math.abs(exponent))].map((digit) => digits[Number(digit)]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${raised}`;
}

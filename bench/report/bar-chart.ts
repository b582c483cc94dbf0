import { escape, picture } from "./svg";

/** One bar. */
export interface Bar {
  label: string;
  value: number;
  /** What stands beside it. */
  text: string;
  /** Drawn in the accent colour. */
  ours: boolean;
}

export interface BarGroup {
  title: string;
  bars: readonly Bar[];
}

const width = 720;
const left = 150;
const right = 190;
const barHeight = 22;
const barGap = 6;
const groupGap = 34;
const top = 44;

const style = `
    text { font: 13px system-ui, sans-serif; fill: #24292f; }
    .title { font-weight: 600; font-size: 15px; }
    .group { font-weight: 600; }
    .label { text-anchor: end; }
    .ours { fill: #1a7f64; }
    .other { fill: #9aa4b0; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .ours { fill: #3fb994; }
      .other { fill: #59636e; }
    }`;

/**
 * Groups of horizontal bars as an SVG picture, light or dark as the reader's screen is. Lengths are logarithmic
 * from a tenth of the smallest value on: times that differ a hundredfold would not show otherwise.
 */
export function barChart(title: string, groups: readonly BarGroup[]): string {
  const values = groups.flatMap(({ bars }) => bars.map(({ value }) => value));
  const least = Math.min(...values) / 10;
  const span = Math.log(Math.max(...values) / least);
  const lengthOf = (value: number): number => ((width - left - right) * Math.log(value / least)) / span;
  let y = top;
  const parts = groups.map(({ title, bars }) => {
    const heading = `<text class="group" x="${left}" y="${y + 14}">${escape(title)}</text>`;
    y += 24;
    const drawn = bars.map((bar) => {
      const part = drawBar(bar, y, lengthOf(bar.value));
      y += barHeight + barGap;
      return part;
    });
    y += groupGap - barGap;
    return [heading, ...drawn].join("\n  ");
  });
  const height = y - groupGap + barGap + 8;
  return picture(title, { width, height, style, content: parts.join("\n  ") });
}

function drawBar({ label, text, ours }: Bar, y: number, length: number): string {
  const middle = y + barHeight / 2 + 4.5;
  return (
    `<text class="label" x="${left - 10}" y="${middle}">${escape(label)}</text>` +
    `<rect class="${ours ? "ours" : "other"}" x="${left}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="3"/>` +
    `<text x="${(left + length + 8).toFixed(1)}" y="${middle}">${escape(text)}</text>`
  );
}

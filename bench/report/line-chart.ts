import { escape, picture } from "./svg";

/** A curve: points from left to right. */
export interface Line {
  label: string;
  points: readonly { x: number; y: number }[];
  /** One of the styles below: hue and stroke tell curves apart, also in print. */
  look: "first" | "second" | "third" | "fourth";
}

const width = 720;
const height = 380;
const left = 70;
const right = 20;
const top = 44;
const bottom = 84;

const style = `
    text { font: 13px system-ui, sans-serif; fill: #24292f; }
    .title { font-weight: 600; font-size: 15px; }
    .grid { stroke: #d0d7de; stroke-width: 1; }
    .y { text-anchor: end; }
    .x { text-anchor: middle; }
    .line { fill: none; stroke-width: 2; }
    .first { stroke: #1a7f64; } .second { stroke: #1a7f64; stroke-dasharray: 6 4; }
    .third { stroke: #8250df; } .fourth { stroke: #8250df; stroke-dasharray: 6 4; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .grid { stroke: #3d444d; }
      .first, .second { stroke: #3fb994; }
      .third, .fourth { stroke: #ab7df8; }
    }`;

/** Curves on logarithmic axes as an SVG picture. Equal steps are equal factors: a slope of 0 is a constant cost. */
export function lineChart(title: string, axis: string, lines: readonly Line[]): string {
  const all = lines.flatMap(({ points }) => points);
  const x = axisOf(
    all.map((point) => point.x),
    left,
    width - right,
  );
  const y = axisOf(
    all.map((point) => point.y),
    height - bottom,
    top,
  );
  const grid = [
    ...y.ticks.map(
      (value) =>
        `<line class="grid" x1="${left}" y1="${y.at(value)}" x2="${width - right}" y2="${y.at(value)}"/>` +
        `<text class="y" x="${left - 8}" y="${y.at(value) + 4.5}">${label(value)}</text>`,
    ),
    ...x.ticks.map(
      (value) => `<text class="x" x="${x.at(value)}" y="${height - bottom + 20}">${label(value)}</text>`,
    ),
    `<text class="x" x="${(left + width - right) / 2}" y="${height - bottom + 42}">${escape(axis)}</text>`,
  ];
  const drawn = lines.map(({ points, look }) => {
    const path = points.map((point) => `${x.at(point.x)},${y.at(point.y)}`).join(" ");
    const dots = points.map(
      (point) => `<circle class="line ${look}" cx="${x.at(point.x)}" cy="${y.at(point.y)}" r="2.5"/>`,
    );
    return `<polyline class="line ${look}" points="${path}"/>${dots.join("")}`;
  });
  const legend = lines.map(({ label, look }, i) => {
    const at = left + (i * (width - left - right)) / lines.length;
    const line = `<line class="line ${look}" x1="${at}" y1="${height - 16}" x2="${at + 24}" y2="${height - 16}"/>`;
    return `${line}<text x="${at + 30}" y="${height - 11.5}">${escape(label)}</text>`;
  });
  return picture(title, { width, height, style, content: [...grid, ...drawn, ...legend].join("\n  ") });
}

interface Axis {
  at: (value: number) => number;
  ticks: number[];
}

/** A logarithmic axis from a round number at or below the least value to one at or above the largest. */
function axisOf(values: readonly number[], from: number, to: number): Axis {
  const candidates: number[] = [];
  for (let power = -6; power <= 12; power++)
    for (const digit of [1, 2, 5]) candidates.push(digit * 10 ** power);
  const least = Math.min(...values);
  const most = Math.max(...values);
  const low = candidates.filter((value) => value <= least).at(-1) ?? least;
  const high = candidates.find((value) => value >= most && value > low) ?? most;
  const within = candidates.filter((value) => value >= low && value <= high);
  // Too many labels would run into each other: powers of ten only.
  const ticks =
    within.length <= 8 ? within : within.filter((value) => Number.isInteger(round(Math.log10(value))));
  const span = Math.log(high / low);
  return { at: (value) => round(from + ((to - from) * Math.log(value / low)) / span), ticks };
}

const round = (value: number): number => Math.round(value * 10) / 10;

const label = (value: number): string => value.toLocaleString("en", { maximumSignificantDigits: 1 });

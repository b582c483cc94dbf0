import { token } from "./dom";
import type { Explained } from "./reader.worker";

/** Heights in CSS pixels: the probability's curve, the bars of influence, the heat map, the gaps between. */
const curve = 72;
const bars = 44;
const heat = 144;
/** Room for a line of text. */
const gap = 24;
/** Width of all padding together: it is drawn as what it is, one long run-up. */
const paddingWidth = 36;
const narrowestColumn = 4;

export const stripHeight = curve + bars + heat + 2 * gap;

/** Where the words lie. */
export interface Columns {
  left: number;
  width: number;
}

interface Ink {
  positive: string;
  negative: string;
  line: string;
  soft: string;
  zero: number[];
  up: number[];
  down: number[];
}

function readInk(): Ink {
  const rgb = (name: string) => token(name).split(",").map(Number);
  const hex = token("heat-zero");
  return {
    positive: token("positive"),
    negative: token("negative"),
    line: token("line"),
    soft: token("soft"),
    zero: [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)),
    up: rgb("positive-rgb"),
    down: rgb("negative-rgb"),
  };
}

/** Draws curve, bars and heat map, one column a word, into a canvas at least `available` pixels wide. */
export function drawStrip(canvas: HTMLCanvasElement, reading: Explained, available: number): Columns {
  const { tokens, padding } = reading;
  const left = padding > 0 ? paddingWidth : 0;
  const width = Math.max(narrowestColumn, (available - left) / tokens.length);
  const total = Math.max(available, left + width * tokens.length);
  const ratio = Math.min(window.devicePixelRatio || 1, 8192 / total);
  canvas.width = Math.round(total * ratio);
  canvas.height = Math.round(stripHeight * ratio);
  canvas.style.width = `${total}px`;
  canvas.style.height = `${stripHeight}px`;
  const context = canvas.getContext("2d");
  if (!context) return { left, width };
  context.scale(ratio, ratio);
  const ink = readInk();
  const columns = { left, width };
  drawHeat(context, reading, columns, ink, ratio);
  drawBars(context, reading, columns, ink);
  drawCurve(context, reading, columns, ink, total);
  if (padding > 0) hatch(context, ink);
  return columns;
}

/** From the middle of each column to the next; above one half is filled as positive, below as negative. */
function drawCurve(
  context: CanvasRenderingContext2D,
  { probabilities, padding }: Explained,
  { left, width }: Columns,
  ink: Ink,
  total: number,
): void {
  const points = Array.from(probabilities, (probability, t) => {
    const x = t < padding ? ((t + 0.5) / padding) * left : left + (t - padding + 0.5) * width;
    return [x, (1 - probability) * curve] as const;
  });
  const area = new Path2D();
  area.moveTo(points[0][0], curve / 2);
  for (const [x, y] of points) area.lineTo(x, y);
  area.lineTo(points[points.length - 1][0], curve / 2);
  const halves = [
    { top: 0, colour: ink.positive },
    { top: curve / 2, colour: ink.negative },
  ];
  for (const { top, colour } of halves) {
    context.save();
    context.beginPath();
    context.rect(0, top, total, curve / 2);
    context.clip();
    context.globalAlpha = 0.25;
    context.fillStyle = colour;
    context.fill(area);
    context.globalAlpha = 1;
    context.strokeStyle = colour;
    context.lineWidth = 1.75;
    const line = new Path2D();
    for (const [x, y] of points) line.lineTo(x, Math.min(Math.max(y, 1), curve - 1));
    context.stroke(line);
    context.restore();
  }
  context.fillStyle = ink.soft;
  context.fillRect(0, curve / 2, total, 0.5);
}

function drawBars(
  context: CanvasRenderingContext2D,
  { influence, padding }: Explained,
  { left, width }: Columns,
  ink: Ink,
): void {
  const own = influence.subarray(padding);
  const largest = Math.max(...own.map(Math.abs), 1e-9);
  const middle = curve + gap + bars / 2;
  own.forEach((value, i) => {
    const height = (value / largest) * (bars / 2);
    context.fillStyle = value > 0 ? ink.positive : ink.negative;
    const inset = Math.min(1, width / 6);
    context.fillRect(left + i * width + inset, middle, width - 2 * inset, -height);
  });
  context.fillStyle = ink.line;
  context.fillRect(left, middle, own.length * width, 0.5);
}

/** The states as an image of one pixel each, stretched without smoothing. */
function drawHeat(
  context: CanvasRenderingContext2D,
  { states, units, padding, tokens }: Explained,
  { left, width }: Columns,
  ink: Ink,
  ratio: number,
): void {
  const largest = states.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  // Bounded activations are shown on their own scale, so that a quiet state looks quiet.
  const scale = largest <= 1 ? 1 : largest;
  const paint = (from: number, to: number, x: number, across: number): void => {
    const image = new ImageData(to - from, units);
    for (let t = from; t < to; t++) {
      for (let u = 0; u < units; u++) {
        const value = states[t * units + u] / scale;
        const end = value > 0 ? ink.up : ink.down;
        const share = Math.min(1, Math.abs(value));
        const at = (u * (to - from) + t - from) * 4;
        for (let c = 0; c < 3; c++) image.data[at + c] = ink.zero[c] + (end[c] - ink.zero[c]) * share;
        image.data[at + 3] = 255;
      }
    }
    const small = new OffscreenCanvas(to - from, units);
    small.getContext("2d")?.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = ratio * (across / (to - from)) < 1;
    context.drawImage(small, x, curve + bars + 2 * gap, across, heat);
  };
  if (padding > 0) paint(0, padding, 0, left - 3);
  paint(padding, padding + tokens.length, left, tokens.length * width);
}

/** Marks the padding as no part of the review. */
function hatch(context: CanvasRenderingContext2D, ink: Ink): void {
  context.save();
  context.beginPath();
  context.rect(0, 0, paddingWidth - 3, stripHeight);
  context.clip();
  context.strokeStyle = ink.soft;
  context.globalAlpha = 0.45;
  context.lineWidth = 1;
  context.beginPath();
  for (let y = 0; y < stripHeight + paddingWidth; y += 7) {
    context.moveTo(0, y);
    context.lineTo(paddingWidth, y - paddingWidth);
  }
  context.stroke();
  context.restore();
}

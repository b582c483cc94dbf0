/** Keras 3's progress line, as text: `157/157 ━━━━━━━━━━━━━━━━━━━━ 12s 78ms/step - acc: 0.6268 - loss: 0.6319`. */

const barWidth = 20;

export interface Progress {
  /** Steps done, of `steps`. */
  step: number;
  steps: number;
  /** Since the epoch began. */
  seconds: number;
  /** Figures by name; those that are undefined are left out. */
  logs: Record<string, number | undefined>;
}

export interface LineStyle {
  /** Cut the line to this many columns. Default: as long as it is. */
  columns?: number;
  /** Put in the terminal's colours. */
  colour?: boolean;
}

/** The line while the epoch runs: with the time left. */
export function runningLine(progress: Progress, style: LineStyle = {}): string {
  const { step, steps, seconds } = progress;
  const left = step === 0 ? "" : `ETA ${duration((seconds / step) * (steps - step))}`;
  return line(progress, left, style);
}

/** The line when the epoch is over: with the time it took. */
export function finishedLine(progress: Progress, style: LineStyle = {}): string {
  return line(progress, duration(progress.seconds), style);
}

function line({ step, steps, seconds, logs }: Progress, time: string, style: LineStyle): string {
  const count = `${String(step).padStart(String(steps).length)}/${steps}`;
  const filled = Math.round((barWidth * step) / Math.max(steps, 1));
  const rate = step === 0 ? "" : `${perStep(seconds / step)}`;
  const figures = Object.entries(logs)
    .filter((entry): entry is [string, number] => entry[1] !== undefined)
    .map(([name, value]) => ` - ${name}: ${figure(value)}`)
    .sort();
  const tail = [time, rate].filter(Boolean).join(" ") + figures.join("");
  // Without colours the part to come must look different.
  const bar = style.colour ? "━".repeat(barWidth) : "━".repeat(filled) + "─".repeat(barWidth - filled);
  const whole = `${count} ${bar} ${tail}`.slice(0, style.columns);
  return style.colour ? coloured(whole, count.length, filled) : whole;
}

function coloured(whole: string, count: number, filled: number): string {
  const from = count + 1;
  const paint = (code: number, part: string) => (part === "" ? "" : `\x1b[${code}m${part}\x1b[0m`);
  return (
    paint(1, whole.slice(0, count)) +
    whole.slice(count, from) +
    paint(32, whole.slice(from, from + filled)) +
    paint(37, whole.slice(from + filled, from + barWidth)) +
    whole.slice(from + barWidth)
  );
}

/** Seconds as Keras prints them: `12s`, `1:05`, `1:01:05`. */
export function duration(seconds: number): string {
  const total = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  if (total > 3600)
    return `${Math.floor(total / 3600)}:${two(Math.floor((total % 3600) / 60))}:${two(total % 60)}`;
  if (total > 60) return `${Math.floor(total / 60)}:${two(total % 60)}`;
  return `${total}s`;
}

function perStep(seconds: number): string {
  if (seconds >= 1) return `${Math.round(seconds)}s/step`;
  if (seconds >= 1e-3) return `${Math.round(seconds * 1e3)}ms/step`;
  return `${Math.round(seconds * 1e6)}us/step`;
}

/** A loss or a metric as Keras prints it: four decimals, or four digits of a small number. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (value === 0 || Math.abs(value) > 1e-3) return value.toFixed(4);
  return value.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2");
}

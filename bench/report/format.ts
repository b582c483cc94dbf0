import type { Summary } from "../statistics";

/** A number with three digits that count, and commas between thousands. */
export function digits(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en", {
    minimumFractionDigits: Math.min(places, 3),
    maximumFractionDigits: Math.min(places, 3),
  });
}

/** `45.1 ms (44.0 to 47.3)`: the median, the least and the most. */
export function milliseconds({ median, least, most }: Summary): string {
  return `${digits(median)} ms (${digits(least)} to ${digits(most)})`;
}

/** How many times as long: `240 ×`. */
export function ratio(value: number, base: number): string {
  return `${digits(value / base)} ×`;
}

export function kilobytes(bytes: number): string {
  return `${digits(bytes / 1000)} kB`;
}

export function megabytes(bytes: number): string {
  return `${digits(bytes / 1e6)} MB`;
}

/** Rows of cells as a Markdown table, which also reads well on a terminal; all but the first column to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

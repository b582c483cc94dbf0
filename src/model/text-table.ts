import { invalid } from "../runtime/errors";

/** A column of a box table. */
export interface Column {
  readonly header: string;
  readonly align: "left" | "right";
  /** Where the column ends, as a share of the table's width. */
  readonly end: number;
}

/**
 * A table with box-drawing lines, a heavy header and a rule between rows, laid out as the Python
 * library rich does for Keras: text wraps between words, and a word that does not fit is cut off
 * with an ellipsis.
 *
 * @param width of the whole table in characters
 * @returns the lines of the table
 * @throws InvalidInputError when a column would be narrower than four characters
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = columnWidths(columns, width);
  const rule = ([left, line, middle, right]: string): string =>
    left + widths.map((cell) => line.repeat(cell)).join(middle) + right;
  const row = (cells: readonly string[], bar: string): string[] => {
    const wrapped = cells.map((cell, i) => wrap(cell, widths[i] - 2));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) => {
      const parts = wrapped.map((lines, i) => {
        const text = lines[line] ?? "";
        const content = widths[i] - 2;
        return ` ${columns[i].align === "left" ? text.padEnd(content) : text.padStart(content)} `;
      });
      return bar + parts.join(bar) + bar;
    });
  };
  const headers = columns.map(({ header }) => header);
  return [
    rule("┏━┳┓"),
    ...row(headers, "┃"),
    rule("┡━╇┩"),
    ...rows.flatMap((cells, i) => [...(i > 0 ? [rule("├─┼┤")] : []), ...row(cells, "│")]),
    rule("└─┴┘"),
  ];
}

/**
 * Widths with padding, without lines. Each column asks for its share of the table and two
 * characters of padding; as lines and padding then exceed the width, all columns give way evenly.
 */
function columnWidths(columns: readonly Column[], width: number): number[] {
  let used = 0;
  const wanted = columns.map(({ end }) => {
    const content = Math.floor(end * width) - used;
    used += content;
    if (content < 4) {
      const remedy = "pass a wider one";
      throw invalid("summary", "a width that leaves each column 4 characters", `${String(width)}`, remedy);
    }
    return content + 2;
  });
  let excess = wanted.reduce((sum, cell) => sum + cell, 0) + columns.length + 1 - width;
  return wanted.map((cell, index) => {
    const reduction = roundHalfToEven(excess / (columns.length - index));
    excess -= reduction;
    return cell - reduction;
  });
}

/** Python's `round`. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** Breaks text between words; a word longer than a line stands alone and is cut off. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(/\s*\S+\s*/g) ?? [""]) {
    const fits = line.length + word.trimEnd().length <= width;
    if (!fits && line !== "") {
      lines.push(line);
      line = "";
    }
    line += word;
  }
  lines.push(line);
  return lines.map((content) => truncate(content.trimEnd(), width));
}

function truncate(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

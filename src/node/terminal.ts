/** Where a command writes to: `process.stdout`, or a test's stand-in. */
export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface TerminalOptions {
  /** Nothing is redrawn in place; only whole lines are written. */
  quiet?: boolean;
  colour?: boolean;
  /** The time in ms; for tests. */
  now?: () => number;
}

const redrawEvery = 100;

/** Writes lines, and on a terminal a last line that is redrawn in place until the next line comes. */
export class Terminal {
  readonly colour: boolean;
  readonly #out: Output;
  readonly #redraws: boolean;
  readonly #now: () => number;
  #drawnAt = -Infinity;
  #drawn = false;

  constructor(
    out: Output,
    { quiet = false, colour = false, now = () => performance.now() }: TerminalOptions = {},
  ) {
    this.#out = out;
    this.#redraws = !quiet && out.isTTY === true;
    this.colour = colour;
    this.#now = now;
  }

  /** Writes a line of its own; a redrawn line that stands there gives way. */
  line(text = ""): void {
    this.#out.write(`${this.#drawn ? "\r\x1b[K" : ""}${text}\n`);
    this.#drawn = false;
    this.#drawnAt = -Infinity;
  }

  /**
   * Redraws the last line, at most ten times a second; without a terminal it does nothing.
   *
   * @param text makes the line for a number of columns
   */
  draw(text: (columns: number) => string): void {
    const now = this.#now();
    if (!this.#redraws || now - this.#drawnAt < redrawEvery) return;
    // One column is left free: a full last column makes some terminals wrap.
    this.#out.write(`\r${text((this.#out.columns ?? 80) - 1)}\x1b[K`);
    this.#drawnAt = now;
    this.#drawn = true;
  }
}

import type { TokenData } from "./token-data";

/** A window of the steps of a sample. */
export interface Window {
  /** Its first step, counted with the padding. */
  first: number;
  steps: number;
  /** Where its tokens begin on the device. */
  tokens: number;
  /** Windows of the sample from this one on: 1 in its last. */
  windows: number;
}

/** Of samples that are taken whole. */
export const allSteps: Window = { first: 0, steps: Infinity, tokens: 0, windows: 0 };

/**
 * Cuts a row into `count` windows of at most `most` steps. Padding that the data do not store has windows of its own,
 * the last of which may be empty, so that all rows have as many.
 */
export function cutRow(
  { steps, starts }: TokenData,
  row: number,
  { windows: count, steps: most }: { windows: number; steps: number },
): Window[] {
  const stored = starts[row + 1] - starts[row];
  const padding = steps - stored;
  const ofPadding = count - Math.ceil(stored / most);
  return Array.from({ length: count }, (_, i) => {
    const pads = i < ofPadding;
    const first = pads ? Math.min(i * most, padding) : padding + (i - ofPadding) * most;
    return {
      first,
      steps: Math.min(most, (pads ? padding : steps) - first),
      // Before the data lie zeros.
      tokens: pads ? 0 : starts[row + 1] + first,
      windows: count - i,
    };
  });
}

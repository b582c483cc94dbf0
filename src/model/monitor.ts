import { describe, invalid } from "../runtime/errors";
import type { Logs } from "./callback";
import { checkOption } from "./checks";

/** Which way a figure gets better; `"auto"` tells it from the figure's name. */
export type MonitorMode = "auto" | "min" | "max";

/** Names without `val_`, case and underscores. */
const better = {
  min: ["loss", "binarycrossentropy", "sparsecategoricalcrossentropy", "meansquarederror", "mse", "mae"],
  max: ["acc", "accuracy", "binaryaccuracy", "sparsecategoricalaccuracy", "auc", "precision", "recall"],
} as const;

/** A figure that a callback watches. */
export interface Watch {
  /** The value that every other one beats. */
  worst: number;
  /** Whether a value beats another by more than the smallest change that counts; never for NaN. */
  improves: (value: number, reference: number) => boolean;
  /** The figure of an epoch or batch; where it is missing, undefined and a warning that names those there are. */
  read: (logs: Logs) => number | undefined;
}

/**
 * Watches a figure.
 *
 * @param minDelta smaller changes are no improvement
 * @throws InvalidInputError for an unknown mode, and for a name from which `"auto"` cannot tell
 */
export function watch(where: string, monitor: string, mode: MonitorMode, minDelta = 0): Watch {
  const sign = directionOf(where, monitor, mode) === "min" ? -1 : 1;
  return {
    worst: -sign * Infinity,
    improves: (value, reference) => sign * value - minDelta > sign * reference,
    read(logs) {
      if (Object.hasOwn(logs, monitor)) return logs[monitor];
      const names = Object.keys(logs).join(", ") || "nothing";
      const remedy = "monitor one of these, or pass validation data";
      console.warn(describe(where, `"${monitor}" among the figures`, names, remedy));
      return undefined;
    },
  };
}

function directionOf(where: string, monitor: string, mode: MonitorMode): "min" | "max" {
  if (mode === "min" || mode === "max") return mode;
  checkOption((mode as string) === "auto", where, "mode", '"auto", "min" or "max"', `"${String(mode)}"`);
  const name = monitor.replace(/^val_/, "").replaceAll("_", "").toLowerCase();
  if (better.min.some((known) => known === name)) return "min";
  if (better.max.some((known) => known === name)) return "max";
  throw invalid(
    where,
    "a figure known to be better small or large",
    `monitor "${monitor}"`,
    'pass mode "min" or "max"',
  );
}

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

/**
 * The direction in which `monitor` improves.
 *
 * @throws InvalidInputError for an unknown mode, and for a name from which `"auto"` cannot tell
 */
export function monitorDirection(where: string, monitor: string, mode: MonitorMode): "min" | "max" {
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

/** Whether `value` beats `reference` by more than `minDelta`; never for NaN. */
export function isImprovement(
  direction: "min" | "max",
  value: number,
  reference: number,
  minDelta = 0,
): boolean {
  return direction === "min" ? value + minDelta < reference : value - minDelta > reference;
}

/** The value that every other one beats. */
export function worstValue(direction: "min" | "max"): number {
  return direction === "min" ? Infinity : -Infinity;
}

/** The monitored figure; where it is missing, undefined and a warning that names those there are. */
export function readMonitor(where: string, monitor: string, logs: Logs): number | undefined {
  if (Object.hasOwn(logs, monitor)) return logs[monitor];
  const names = Object.keys(logs).join(", ") || "nothing";
  console.warn(
    describe(where, `"${monitor}" among the figures`, names, "monitor one of these, or pass validation data"),
  );
  return undefined;
}

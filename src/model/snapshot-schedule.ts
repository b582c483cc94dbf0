import { invalid } from "../runtime/errors";

/** When snapshots are taken; each rule adds its own. */
export interface SnapshotSchedule {
  /**
   * After every so many steps, counted from the training's first: no more than these are lost. Where the store takes
   * longer than the steps do, training waits for it. Default: not by steps.
   */
  everySteps?: number;
  /** At the end of every so many epochs. Default 1. */
  everyEpochs?: number;
  /** When the last one was taken so many seconds ago and is saved; training never waits. Default: not by time. */
  everySeconds?: number;
}

/** @throws {InvalidInputError} an interval that is no interval. */
export function checkSchedule({ everySteps, everyEpochs, everySeconds }: SnapshotSchedule): void {
  for (const [name, value] of Object.entries({ everySteps, everyEpochs })) {
    if (value === undefined || (Number.isInteger(value) && value >= 1)) continue;
    throw invalid(
      "fit",
      `checkpoint.${name} as a whole number of at least 1`,
      String(value),
      `pass another ${name}`,
    );
  }
  if (everySeconds === undefined || everySeconds > 0) return;
  throw invalid(
    "fit",
    "checkpoint.everySeconds as a number above 0",
    String(everySeconds),
    "pass for instance 10",
  );
}

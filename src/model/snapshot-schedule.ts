import { checkOption, checkWhole } from "./checks";

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
export function checkSchedule({ everySteps = 1, everyEpochs = 1, everySeconds = 1 }: SnapshotSchedule): void {
  checkWhole("fit", "checkpoint.everySteps", everySteps, 1);
  checkWhole("fit", "checkpoint.everyEpochs", everyEpochs, 1);
  checkOption(everySeconds > 0, "fit", "checkpoint.everySeconds", "a number above 0", everySeconds);
}

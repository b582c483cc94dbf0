/** Time for the steps of a piece: long enough for the GPU to run on, short enough to pause at once. */
const wantedMilliseconds = 100;
/** No piece should take longer, whatever a call costs by itself. */
const longestMilliseconds = 400;
/** A piece never grows faster, so that one lucky timing cannot make the next one long. */
const largestGrowth = 2;
/** A step costs at least this share of its piece's time by the step: two timings may be equal by chance. */
const leastShare = 0.05;

interface Timing {
  steps: number;
  milliseconds: number;
}

/**
 * Decides how many steps go into the next call of `fit`. A call has a price of its own (Firefox looks for the end of
 * GPU work ten times a second), so that the time of a step shows only in the difference between two lengths.
 */
export class Pace {
  #steps = 1;
  #before: Timing | undefined;
  #perStep: number | undefined;

  /** Steps of the next piece. */
  get steps(): number {
    return this.#steps;
  }

  /** Takes the time of a piece. */
  took(now: Timing): void {
    const { steps, milliseconds } = now;
    const apparent = milliseconds / steps;
    const before = this.#before;
    if (before && before.steps !== steps) {
      const slope = (milliseconds - before.milliseconds) / (steps - before.steps);
      this.#perStep = Math.min(Math.max(slope, leastShare * apparent), apparent);
    }
    this.#before = now;
    const wanted = wantedMilliseconds / Math.min(this.#perStep ?? 0, apparent);
    const allowed = (steps * longestMilliseconds) / milliseconds;
    const most = Math.min(largestGrowth * Math.max(steps, this.#steps / largestGrowth), allowed);
    this.#steps = Math.max(1, Math.round(Math.min(wanted, most)));
  }
}

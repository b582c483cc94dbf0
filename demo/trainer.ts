import type { ProgramSample } from "webgpu-rnn";
import type { WorkerModel } from "webgpu-rnn/worker";
import { Pace } from "./pace";

/** What the optimizer remembers, as the model gives and takes it. */
export type OptimizerState = Awaited<ReturnType<WorkerModel["getOptimizerState"]>>;

/** Means over the steps since the last point; `at` counts epochs. */
export interface Point {
  at: number;
  loss: number;
  acc: number;
}

/** The means of an epoch. */
export interface EpochMeans {
  epoch: number;
  loss: number;
  acc: number;
  /** Since the training began, pauses left out. */
  seconds: number;
}

/** Where a training stands; with the weights, all that is needed to go on. */
export interface Progress {
  epoch: number;
  /** Steps done in this epoch. */
  step: number;
  seconds: number;
  /** Sums over the steps done in this epoch, for its means. */
  sums: { loss: number; acc: number; rows: number };
}

/** What the trainer tells while it runs. */
export interface TrainerEvents<Validation> {
  /** A piece of training is done. */
  onPoint(point: Point, speed: Speed): void;
  onEpoch(figures: EpochMeans & Validation): void;
  /** How long the kernels of a step took, every now and then. */
  onSample?(sample: ProgramSample): void;
  /** Between two pieces, when weights and progress belong together; training waits for it. */
  between(): Promise<void>;
}

export interface Speed {
  samplesPerSecond: number;
  stepMilliseconds: number;
  secondsLeft: number;
  step: number;
  steps: number;
  epoch: number;
}

/** What is learnt, and how. */
export interface Course<Validation> {
  /** Tokens, (rows, steps). */
  x: Int32Array;
  steps: number;
  /** (rows), or (rows, steps). */
  y: Float32Array;
  rows: number;
  batchSize: number;
  epochs: number;
  seed: number;
  /** At the end of each epoch: the figures of rows that are not learnt. */
  validate: () => Promise<Validation>;
}

/** Milliseconds between two looks at the time that the kernels take: each makes one step a little longer. */
const profileMilliseconds = 2000;

/**
 * One training: the model in the worker, fed piece by piece, so that it can be paused, stepped and stopped at any
 * step and goes on where it was. The order of the rows follows from the seed and the epoch alone.
 */
export class Trainer<Validation extends object> {
  readonly progress: Progress = { epoch: 0, step: 0, seconds: 0, sums: { loss: 0, acc: 0, rows: 0 } };
  readonly model: WorkerModel;
  readonly #course: Course<Validation>;
  readonly #pace = new Pace();
  #order: Uint32Array | undefined;
  #stopping = false;
  #pausing: (() => void) | undefined;
  #allowed = Infinity;
  #lastProfile = -Infinity;

  /**
   * @param model compiled, with the weights and the optimizer of `from`
   * @param from where the training goes on; at its beginning where it is left out
   */
  constructor(model: WorkerModel, course: Course<Validation>, from?: Progress) {
    this.model = model;
    this.#course = course;
    if (from) Object.assign(this.progress, structuredClone(from));
  }

  get paused(): boolean {
    return this.#allowed <= 0;
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.#course.rows / this.#course.batchSize);
  }

  pause(): void {
    this.#allowed = 0;
  }

  resume(): void {
    this.#allow(Infinity);
  }

  /** One step, then pause again. */
  stepOnce(): void {
    this.#allow(1);
  }

  stop(): void {
    this.#stopping = true;
    this.#allow(Infinity);
  }

  dispose(): void {
    this.stop();
    this.model.dispose();
  }

  #allow(steps: number): void {
    this.#allowed = steps;
    this.#pausing?.();
  }

  /** Trains until the last epoch is done, or `stop`. */
  async run(events: TrainerEvents<Validation>): Promise<void> {
    const { progress } = this;
    while (progress.epoch < this.#course.epochs) {
      if (!(await this.#mayGoOn())) return;
      if (progress.step < this.stepsPerEpoch) await this.#piece(events);
      else await this.#endEpoch(events);
      await events.between();
    }
  }

  async #mayGoOn(): Promise<boolean> {
    while (this.#allowed <= 0 && !this.#stopping) {
      await new Promise<void>((resolve) => (this.#pausing = resolve));
    }
    return !this.#stopping;
  }

  async #piece(events: TrainerEvents<Validation>): Promise<void> {
    const { progress } = this;
    const { batchSize } = this.#course;
    const steps = Math.min(this.#pace.steps, this.#allowed, this.stepsPerEpoch - progress.step);
    this.#allowed -= steps;
    const first = progress.step * batchSize;
    const { x, y } = this.#gather(this.#orderOf(progress.epoch).subarray(first, first + steps * batchSize));
    const endProfile = await this.#profile(events);
    const began = performance.now();
    const { history } = await this.model.fit(x, y, { batchSize, shuffle: false, transfer: true });
    const milliseconds = performance.now() - began;
    endProfile?.();
    const [loss, acc] = [history.loss[0], history.acc[0]];
    const rows = x.shape[0];
    progress.step += steps;
    progress.seconds += milliseconds / 1000;
    progress.sums.loss += loss * rows;
    progress.sums.acc += acc * rows;
    progress.sums.rows += rows;
    this.#pace.took({ steps, milliseconds });
    const at = progress.epoch + progress.step / this.stepsPerEpoch;
    events.onPoint({ at, loss, acc }, this.#speed(steps, rows, milliseconds));
  }

  /** Every now and then, has the times of a step's kernels told during the piece to come. */
  async #profile(events: TrainerEvents<Validation>): Promise<(() => void) | undefined> {
    const now = performance.now();
    if (!events.onSample || now - this.#lastProfile < profileMilliseconds) return undefined;
    this.#lastProfile = now;
    return this.model.profile((sample) => events.onSample?.(sample), { interval: profileMilliseconds });
  }

  #speed(stepsDone: number, rows: number, milliseconds: number): Speed {
    const { epoch, step } = this.progress;
    const steps = this.stepsPerEpoch;
    const left = (this.#course.epochs - epoch) * steps - step;
    const stepMilliseconds = milliseconds / stepsDone;
    const samplesPerSecond = (rows * 1000) / milliseconds;
    return {
      samplesPerSecond,
      stepMilliseconds,
      secondsLeft: (left * stepMilliseconds) / 1000,
      step,
      steps,
      epoch,
    };
  }

  async #endEpoch(events: TrainerEvents<Validation>): Promise<void> {
    const { progress } = this;
    const began = performance.now();
    const validation = await this.#course.validate();
    progress.seconds += (performance.now() - began) / 1000;
    const { sums, epoch, seconds } = progress;
    progress.epoch++;
    progress.step = 0;
    progress.sums = { loss: 0, acc: 0, rows: 0 };
    this.#order = undefined;
    events.onEpoch({
      epoch,
      loss: sums.loss / sums.rows,
      acc: sums.acc / sums.rows,
      seconds,
      ...validation,
    });
  }

  #orderOf(epoch: number): Uint32Array {
    return (this.#order ??= shuffled(this.#course.rows, this.#course.seed, epoch));
  }

  #gather(rows: Uint32Array): { x: { data: Int32Array; shape: [number, number] }; y: Float32Array } {
    const { x, y, steps } = this.#course;
    const perRow = y.length / this.#course.rows;
    const data = new Int32Array(rows.length * steps);
    const labels = new Float32Array(rows.length * perRow);
    rows.forEach((row, i) => {
      data.set(x.subarray(row * steps, (row + 1) * steps), i * steps);
      labels.set(y.subarray(row * perRow, (row + 1) * perRow), i * perRow);
    });
    return { x: { data, shape: [rows.length, steps] }, y: labels };
  }
}

/** The numbers below `count`, shuffled (Fisher and Yates) by the generator mulberry32. */
export function shuffled(count: number, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let state = (Math.imul(seed + 1, 0x9e37_79b1) ^ Math.imul(epoch + 1, 0x85eb_ca6b)) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

import { adam, dense, embedding, rmsprop, sgd, simpleRNN, type Layer, type Optimizer } from "webgpu-rnn";
import type { WorkerDevice, WorkerEngine, WorkerModel } from "webgpu-rnn/worker";
import type { Weight } from "./net";
import { Pace } from "./pace";
import type { Loaded } from "./reader.worker";
import type { Settings } from "./settings";

/** What the optimizer remembers, as the model gives and takes it. */
export type OptimizerState = Awaited<ReturnType<WorkerModel["getOptimizerState"]>>;

/** Means over the steps since the last point; `at` counts epochs. */
export interface Point {
  at: number;
  loss: number;
  acc: number;
}

export interface EpochFigures {
  epoch: number;
  loss: number;
  acc: number;
  val_loss: number;
  val_acc: number;
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
export interface TrainerEvents {
  /** A piece of training is done. */
  onPoint(point: Point, speed: Speed): void;
  onEpoch(figures: EpochFigures): void;
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

const optimizers = { rmsprop, adam, sgd };

/** The optimizer that the knobs ask for. */
function optimizerOf({ optimizer, learningRate }: Settings): Optimizer {
  return optimizers[optimizer]({ learningRate });
}

/** The layers that the knobs ask for. */
function layersOf(settings: Settings, vocabularySize: number): Layer[] {
  return [
    embedding(vocabularySize, settings.embedding),
    simpleRNN(settings.units, { activation: settings.activation }),
    dense(1, { activation: "sigmoid" }),
  ];
}

/**
 * One training: the model in the worker, fed piece by piece, so that it can be paused, stepped and stopped at any
 * step and goes on where it was. The order of the reviews follows from the seed and the epoch alone.
 */
export class Trainer {
  readonly progress: Progress = { epoch: 0, step: 0, seconds: 0, sums: { loss: 0, acc: 0, rows: 0 } };
  readonly #model: WorkerModel;
  readonly #settings: Settings;
  readonly #data: Loaded;
  readonly #pace = new Pace();
  #order: Uint32Array | undefined;
  #stopping = false;
  #pausing: (() => void) | undefined;
  #allowed = Infinity;

  private constructor(model: WorkerModel, settings: Settings, data: Loaded) {
    this.#model = model;
    this.#settings = settings;
    this.#data = data;
  }

  /** Makes and compiles the model; with weights and progress it goes on from there. */
  static async make(
    engine: WorkerEngine,
    device: WorkerDevice,
    settings: Settings,
    data: Loaded,
    from?: { weights: Weight[]; optimizer: OptimizerState; progress: Progress },
  ): Promise<Trainer> {
    const model = await engine.sequential(layersOf(settings, data.vocabularySize));
    await model.build([null, settings.maxlen]);
    const trainer = new Trainer(model, settings, data);
    await model.compile({
      optimizer: optimizerOf(settings),
      loss: "binaryCrossentropy",
      metrics: ["acc"],
      seed: settings.seed,
      device,
    });
    if (from) {
      await model.setWeights(from.weights);
      await model.setOptimizerState(from.optimizer);
      Object.assign(trainer.progress, structuredClone(from.progress));
    }
    return trainer;
  }

  get model(): WorkerModel {
    return this.#model;
  }

  get paused(): boolean {
    return this.#allowed <= 0;
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.#data.trainY.length / this.#settings.batchSize);
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
    this.#model.dispose();
  }

  #allow(steps: number): void {
    this.#allowed = steps;
    this.#pausing?.();
  }

  /** Trains until the last epoch is done, or `stop`. */
  async run(events: TrainerEvents): Promise<void> {
    const { progress } = this;
    while (progress.epoch < this.#settings.epochs) {
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

  async #piece(events: TrainerEvents): Promise<void> {
    const { progress } = this;
    const { batchSize } = this.#settings;
    const steps = Math.min(this.#pace.steps, this.#allowed, this.stepsPerEpoch - progress.step);
    this.#allowed -= steps;
    const first = progress.step * batchSize;
    const { x, y } = this.#gather(this.#orderOf(progress.epoch).subarray(first, first + steps * batchSize));
    const began = performance.now();
    const { history } = await this.#model.fit(x, y, { batchSize, shuffle: false, transfer: true });
    const milliseconds = performance.now() - began;
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

  #speed(stepsDone: number, rows: number, milliseconds: number): Speed {
    const { epoch, step } = this.progress;
    const steps = this.stepsPerEpoch;
    const left = (this.#settings.epochs - epoch) * steps - step;
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

  async #endEpoch(events: TrainerEvents): Promise<void> {
    const { progress } = this;
    const { validX, validY } = this.#data;
    const began = performance.now();
    const x = { data: validX, shape: [validY.length, this.#settings.maxlen] };
    const { loss, acc } = await this.#model.evaluate(x, validY, { batchSize: 256 });
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
      val_loss: loss,
      val_acc: acc,
      seconds,
    });
  }

  #orderOf(epoch: number): Uint32Array {
    return (this.#order ??= shuffled(this.#data.trainY.length, this.#settings.seed, epoch));
  }

  #gather(rows: Uint32Array): { x: { data: Int32Array; shape: [number, number] }; y: Float32Array } {
    const { trainX, trainY } = this.#data;
    const { maxlen } = this.#settings;
    const data = new Int32Array(rows.length * maxlen);
    const y = new Float32Array(rows.length);
    rows.forEach((row, i) => {
      data.set(trainX.subarray(row * maxlen, (row + 1) * maxlen), i * maxlen);
      y[i] = trainY[row];
    });
    return { x: { data, shape: [rows.length, maxlen] }, y };
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

import { rmsprop, type Callback, type Device, type Sequential } from "webgpu-rnn";
import { countDispatches, memoryOf, resetPeak } from "../gpu-watch";
import { rmspropSettings, type Cell } from "../job";
import { jobModel } from "../model";
import { summarize, type Summary } from "../statistics";
import type { RowKind, ScalePlan, ScaleSizes } from "./points";
import { makeRows, type ScaleRows } from "./rows";

/** What was measured at one point. */
export interface Measurement {
  /** Tokens of a batch that are not padding, and how many different ones. */
  tokens: number;
  distinct: number;
  /** Number of weights. */
  parameters: number;
  /** Of a training step, and of a forward pass. */
  dispatches: { train: number; forward: number };
  /** Bytes of all GPU buffers of the model in training, with one batch of rows on the device. */
  memory: number;
  /** Milliseconds of a training step, and of a forward pass. */
  train: Summary;
  forward: Summary;
}

/** No more batches than this are put on the device. */
const mostBatches = 64;
const leastRounds = 3;
const mostRounds = 25;

/**
 * Measures the training step and the forward pass of a model of these sizes, through the calls of its users: the
 * epochs of `fit` without the first, and calls of `predict`.
 *
 * @throws {Error} whatever the library throws where the sizes do not fit the device.
 */
export async function measurePoint(
  device: Device,
  cell: Cell,
  kind: RowKind,
  sizes: ScaleSizes,
  { seconds, turn }: Pick<ScalePlan, "seconds" | "turn">,
): Promise<Measurement> {
  const end = performance.now() + seconds * 1000;
  const model = jobModel({ cell, ...sizes });
  resetPeak(device.gpu);
  const before = heldBytes(device);
  try {
    await model.compile({ optimizer: rmsprop(rmspropSettings), loss: "binaryCrossentropy", device, seed: 0 });
    const one = makeRows(kind, sizes, 1);
    // The first run compiles and allocates; the second one's time says how many batches fill a turn.
    const pilot = new EpochTimes({ rounds: 1, least: 0, end, most: Infinity });
    const dispatches = await countDispatches(() => fit(model, one, sizes, pilot));
    const memory = heldBytes(device) - before;
    const step = pilot.times[0];
    const left = end - performance.now();
    const batches = Math.min(mostBatches, Math.max(1, Math.ceil(turn / leastRounds / step)));
    const rows = batches === 1 ? one : makeRows(kind, sizes, batches);
    const epochs = new EpochTimes({
      rounds: leastRounds,
      least: turn,
      end: end - step * 2,
      most: mostRounds,
    });
    // Where a second fit would take too long, what the pilot took has to do.
    if (left > leastRounds * step) await fit(model, rows, sizes, epochs);
    else epochs.times.push(step * batches);
    const forward = await forwardTimes(model, rows, sizes, turn, end);
    return {
      tokens: rows.tokens,
      distinct: rows.distinct,
      parameters: model.parameterCount,
      dispatches: { train: dispatches / pilot.steps, forward: forward.dispatches / batches },
      memory,
      train: summarize(epochs.times.map((time) => time / batches)),
      forward: summarize(forward.times.map((time) => time / batches)),
    };
  } finally {
    model.dispose();
  }
}

/** When a training ends: after at least so many rounds and milliseconds, but no later than `end`. */
interface Ending {
  rounds: number;
  least: number;
  /** On the clock of `performance.now`. */
  end: number;
  most: number;
}

/** Takes the time of each epoch but the first, from the end of one to the end of the next. */
class EpochTimes implements Callback {
  readonly times: number[] = [];
  /** Optimizer steps in all. */
  steps = 0;
  #begin = 0;
  #last: number | undefined;
  #model: { stopTraining: boolean } | undefined;

  constructor(readonly ending: Ending) {}

  setModel(model: { stopTraining: boolean }): void {
    this.#model = model;
  }

  onTrainBegin(): void {
    this.#begin = performance.now();
  }

  onEpochEnd(): void {
    const now = performance.now();
    this.steps++;
    if (this.#last !== undefined) this.times.push(now - this.#last);
    this.#last = now;
    const { rounds, least, end, most } = this.ending;
    const enough = this.times.length >= rounds && now - this.#begin >= least;
    // One time is needed in any case.
    const late = this.times.length > 0 && now + this.times[0] > end;
    if (enough || late || this.times.length >= most) this.#model!.stopTraining = true;
  }
}

function fit(
  model: Sequential,
  { x, y }: ScaleRows,
  { batchSize }: ScaleSizes,
  times: EpochTimes,
): Promise<unknown> {
  return model.fit(x, y, { batchSize, epochs: mostRounds * 4, shuffle: false, callbacks: [times] });
}

async function forwardTimes(
  model: Sequential,
  { x }: ScaleRows,
  { batchSize }: ScaleSizes,
  turn: number,
  end: number,
): Promise<{ times: number[]; dispatches: number }> {
  const before = performance.now();
  const dispatches = await countDispatches(() => model.predict(x, { batchSize }));
  const begin = performance.now();
  const times: number[] = [];
  if (begin + (begin - before) > end) return { times: [begin - before], dispatches };
  for (let now = begin; times.length < mostRounds;) {
    await model.predict(x, { batchSize });
    const last = now;
    now = performance.now();
    times.push(now - last);
    if (times.length >= leastRounds && now - begin >= turn) break;
    if (now + times[0] > end) break;
  }
  return { times, dispatches };
}

function heldBytes(device: Device): number {
  return Object.values(memoryOf(device.gpu).byLabel).reduce((sum, bytes) => sum + bytes, 0);
}

import { read } from "../runtime/arena";
import type { Device } from "../runtime/device";
import type { StepRates } from "./batch-plan";
import type { Targets } from "./targets";
import type { TokenData } from "./token-data";
import { metricEntries, type Workspace } from "./workspace";

/** Mean loss and accuracy over the samples seen so far, as Keras prints them. */
export interface Means {
  loss: number;
  acc: number;
}

/** What the figures of steps add up to. */
export interface Sums {
  /** Of the loss, each step's as often as it has samples. */
  loss: number;
  samples: number;
  right: number;
  answers: number;
}

/** Before the first step. */
export const noSums: Readonly<Sums> = { loss: 0, samples: 0, right: 0, answers: 0 };

/** Adds up the steps' figures in float64. */
export class RunningMeans {
  readonly #sums: Sums;

  /** @param sums of the steps before */
  constructor(sums: Readonly<Sums> = noSums) {
    this.#sums = { ...sums };
  }

  /** A copy. */
  get sums(): Sums {
    return { ...this.#sums };
  }

  /** @param values (loss, right answers, answers, 0) of one step, whose loss counts once per sample */
  add(values: ArrayLike<number>, at: number, samples: number): void {
    const sums = this.#sums;
    sums.loss += values[at] * samples;
    sums.samples += samples;
    sums.right += values[at + 1];
    sums.answers += values[at + 2];
  }

  get means(): Means {
    const { loss, samples, right, answers } = this.#sums;
    return { loss: loss / samples, acc: right / answers };
  }
}

/** Keeps the state behind a step. */
export interface PassSnapshots {
  due(step: number): boolean;
  /** Has the device copy the state; what it gives is called with the sums up to this step, when they are known. */
  begin(step: number): Promise<(sums: Sums) => Promise<void>>;
}

/** What one pass over a data set needs. */
export interface Pass {
  /** The call that runs, for messages. */
  where: string;
  data: TokenData;
  targets: Targets | undefined;
  /** Numbers of the data rows, in the order in which they are taken. */
  order: Uint32Array;
  batchSize: number;
  signal?: AbortSignal;
  /** Size of the next optimizer step; without it the pass only evaluates. */
  nextStep?: () => StepRates;
  /** Called every now and then, when figures have arrived: batches done and the means up to there. */
  onProgress?: (batches: number, means: Means) => void | Promise<void>;
  /** Milliseconds between two calls of `onProgress`. */
  interval?: number;
  /** Takes the model's outputs of each batch; they wait for the batch, so leave it out where not needed. */
  onOutputs?: (outputs: Float32Array, sorted: Uint32Array, segments: Uint32Array) => void;
  /** Returning true ends the pass after the batch. */
  stop?: () => boolean;
  /** Steps that were done before, and what their figures add up to: the pass goes on behind them. */
  done?: { step: number; sums: Readonly<Sums> };
  /** Asked after each step whether the state behind it is to be kept. */
  snapshots?: PassSnapshots;
}

/** Milliseconds of work that the GPU may be behind: enough to keep it busy, little enough to stop soon. */
const mostBehind = 200;

/**
 * Lets the GPU fall behind by a bounded time, not by a number of steps: some browsers look only ten times a
 * second whether work is done.
 */
class Backlog {
  readonly #inFlight: Promise<void>[] = [];
  readonly #begin = performance.now();
  #done = 0;

  constructor(readonly device: Device) {}

  /** Call after each submit; waits while too much is in flight. */
  async wait(): Promise<void> {
    const done = this.device.idle().then(() => void this.#done++);
    // A lost device is reported by whoever uses it next, not by a wait that was left behind.
    done.catch(() => undefined);
    this.#inFlight.push(done);
    while (this.#inFlight.length > this.#limit) await this.#inFlight.shift();
  }

  get #limit(): number {
    const perStep = (performance.now() - this.#begin) / Math.max(1, this.#done);
    return Math.min(64, Math.max(2, Math.round(mostBehind / perStep)));
  }
}

/** Runs a pass: one submit per batch, figures read back now and then, bounded work in flight. */
export async function runPass(device: Device, workspace: Workspace, pass: Pass): Promise<Means> {
  const { data, targets, order, batchSize, signal, interval = 100 } = pass;
  const program = pass.nextStep ? workspace.train! : workspace.evaluate;
  const before = pass.done?.step ?? 0;
  const sums = new RunningMeans(pass.done?.sums);
  const sizes = new Array<number>(before).fill(0);
  const backlog = new Backlog(device);
  let done = before;
  let readTo = before;
  let reading: Promise<void> | undefined;
  let lastRead = performance.now();

  const readUpTo = async (end: number): Promise<void> => {
    workspace.assertLive(pass.where);
    const begin = readTo;
    readTo = end;
    for (let from = begin; from < end;) {
      const slot = from % metricEntries;
      const count = Math.min(end - from, metricEntries - slot);
      const [values] = await read(device, [workspace.metrics.view("figures", [count, 4], slot * 4)]);
      for (let i = 0; i < count; i++) sums.add(values, i * 4, sizes[from + i]);
      from += count;
    }
    await pass.onProgress?.(end, sums.means);
  };

  for (let at = before * batchSize; at < order.length && !pass.stop?.(); at += batchSize) {
    signal?.throwIfAborted();
    workspace.assertLive(pass.where);
    const rows = order.subarray(at, at + batchSize);
    const rates = pass.nextStep?.() ?? { rate: 0, learningRate: 0, seed: 0 };
    const grouped = pass.nextStep !== undefined;
    const plan = workspace.planner.plan(data, targets, rows, grouped, {
      ...rates,
      metric: done % metricEntries,
    });
    workspace.uploadPlan(plan.words);
    program.run(plan.sizes);
    sizes.push(rows.length);
    done++;
    if (pass.onOutputs) {
      const { outputs } = workspace;
      const columns = outputs.shape[1];
      const [values] = await read(device, [outputs.view("outputs", [plan.sizes.outputs, columns])]);
      pass.onOutputs(values, workspace.planner.sorted.subarray(0, rows.length), workspace.planner.segments);
    } else {
      await backlog.wait();
    }
    const taking = pass.snapshots?.due(done);
    const due = pass.onProgress && performance.now() - lastRead >= interval;
    if (taking || done - readTo >= metricEntries / 2 || (due && !reading)) {
      await reading;
      lastRead = performance.now();
      const finish = taking ? await pass.snapshots?.begin(done) : undefined;
      const arrived = readUpTo(done).then(() => finish?.(sums.sums));
      reading = arrived.finally(() => (reading = undefined));
      // Whoever waits for the pass gets the error there.
      reading.catch(() => undefined);
    }
  }
  await reading;
  workspace.assertLive(pass.where);
  if (done > readTo || done === 0) await readUpTo(done);
  device.assertAlive(pass.where);
  return sums.means;
}

import { piecesOf } from "./pieces";
import type { Device } from "../runtime/device";
import type { SamplerOptions } from "../runtime/program-sampler";
import { outputReader, type OnOutputs } from "./output-reader";
import { metricEntries } from "./batch-plan";
import type { StepRates } from "./planner";
import { read } from "../runtime/arena";
import type { Workspace } from "./workspace";
import { noStep } from "../kernels";
import { stepQueue, type StepQueue } from "./step-queue";
import type { TokenData } from "./token-data";
import { countedOutputs, type Targets } from "./targets";

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
  /** Told of each optimizer step before its last part is handed over. */
  stepTaken?: () => void;
  /** Called every now and then, when figures have arrived: batches done and the means up to there. */
  onProgress?: (batches: number, means: Means) => void | Promise<void>;
  /** Told once of the first step whose loss is no finite number, as soon as it is seen. */
  onNonFinite?: (lost: { step: number; loss: number }) => Promise<void>;
  /** Milliseconds between two calls of `onProgress`; where it is left out, between two looks at the loss. */
  interval?: number;
  /** Takes the model's outputs of each batch, and the states that layers return; leave it out where they are not needed. */
  onOutputs?: OnOutputs;
  /** Who wants to know how long the steps of the program take, asked before each submit. */
  profile?: () => SamplerOptions | undefined;
  /** Returning true ends the pass after the batch. */
  stop?: () => boolean;
  /** Steps that were done before, and what their figures add up to: the pass goes on behind them. */
  done?: { step: number; sums: Readonly<Sums> };
  /** Asked after each step whether the state behind it is to be kept. */
  snapshots?: PassSnapshots;
}

/** Runs a pass: figures are read back now and then, work in flight is bounded. */
export async function runPass(device: Device, workspace: Workspace, pass: Pass): Promise<Means> {
  const queue = stepQueue(device, workspace, pass.nextStep && pass.profile);
  try {
    return await takeSteps(device, workspace, queue, pass);
  } finally {
    queue.dispose();
    // A step that was left in its middle is taken back.
    workspace.dropParts();
  }
}

async function takeSteps(device: Device, workspace: Workspace, queue: StepQueue, pass: Pass): Promise<Means> {
  const { data, targets, order, batchSize, signal, nextStep, interval = 100 } = pass;
  const { capacity, planner } = workspace;
  const trained = workspace.programs.train?.last;
  const { sequences } = planner.layout;
  const { step: begun, sums: earlier } = pass.done ?? { step: 0, sums: noSums };
  const sums = { ...earlier };
  /** Of which step each entry of the figures is, the samples in it, and those of the batch it is a part of. */
  const entries: { step: number; samples: number; batch: number }[] = [];
  let done = begun;
  let readTo = 0;
  let reading: Promise<void> | undefined;
  let lastRead = performance.now();
  let lost: { step: number; loss: number } | undefined;
  let told = false;
  const outputs = pass.onOutputs && outputReader(device, workspace, pass.onOutputs);
  const means = (): Means => ({ loss: sums.loss / sums.samples, acc: sums.right / sums.answers });

  /** Reads the figures up to here. */
  const readFigures = async (): Promise<void> => {
    workspace.assertLive(pass.where);
    queue.submit();
    const [end, steps] = [entries.length, done];
    let from = readTo;
    readTo = end;
    while (from < end) {
      const slot = from % metricEntries;
      const count = Math.min(end - from, metricEntries - slot);
      const [values] = await read(device, [workspace.metrics.view("figures", [count, 4], slot * 4)]);
      for (let at = 0; at < values.length; at += 4) {
        const { step, samples, batch } = entries[from++];
        const [loss, right, answers] = values.subarray(at);
        // The loss of a part of a batch is a part of the batch's mean.
        sums.loss += loss * batch;
        sums.samples += samples;
        sums.right += right;
        sums.answers += answers;
        if (!Number.isFinite(loss)) lost ??= { step, loss };
      }
    }
    if (lost && !told) {
      told = true;
      await pass.onNonFinite?.(lost);
    }
    if (steps > 0) await pass.onProgress?.(steps, means());
  };
  /** Begins to read them. */
  const look = async (finish?: (sums: Sums) => Promise<void>): Promise<void> => {
    await reading;
    lastRead = performance.now();
    const arrived = readFigures().then(() => finish?.({ ...sums }));
    reading = arrived.finally(() => (reading = undefined));
    // Whoever waits for the pass gets the error there.
    reading.catch(() => undefined);
  };

  for (let at = done * batchSize; at < order.length && !pass.stop?.(); at += batchSize) {
    workspace.assertLive(pass.where);
    const batch = order.subarray(at, at + batchSize);
    const rates = nextStep?.() ?? noStep;
    const mean = countedOutputs(data, planner.layout, batch);
    for (const { rows, before, program, counts } of piecesOf(workspace, data, batch, !!nextStep)) {
      signal?.throwIfAborted();
      const metric = entries.length;
      const place = { ...rates, before, metric, mean };
      const plan = planner.plan(data, targets, rows, !!nextStep, place);
      if (program === trained) pass.stepTaken?.();
      await queue.add(plan, program);
      if (counts) continue;
      entries.push({ step: done, samples: rows.length, batch: batch.length });
      // Of a net that returns sequences each window of a sample has figures of its own.
      for (let more = 1; sequences && more < capacity.windows; more++) {
        entries.push({ step: done, samples: 0, batch: batch.length });
      }
      if (outputs) {
        queue.submit();
        await outputs.add(plan.sizes, rows.length);
      }
      if (entries.length - readTo >= metricEntries / 2) await look();
    }
    done++;
    const taking = pass.snapshots?.due(done);
    const due = (pass.onProgress ?? pass.onNonFinite) && performance.now() - lastRead >= interval;
    if (taking || (due && !reading)) {
      await reading;
      queue.submit();
      await look(taking ? await pass.snapshots?.begin(done) : undefined);
    }
  }
  queue.submit();
  await outputs?.end();
  await reading;
  workspace.assertLive(pass.where);
  if (entries.length > readTo || done === 0) await readFigures();
  device.assertAlive(pass.where);
  return means();
}

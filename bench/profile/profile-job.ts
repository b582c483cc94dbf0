import { rmsprop, type Device } from "webgpu-rnn";
import { planArchitecture } from "../../src/model/architecture";
import type { BatchLayout } from "../../src/model/batch-layout";
import { batchCapacity, type BatchPlanner } from "../../src/model/batch-plan";
import { resolveLoss } from "../../src/model/losses";
import { Parameters } from "../../src/model/parameters";
import { chooseScan } from "../../src/model/scan-choice";
import { range } from "../../src/model/session";
import { tokenData } from "../../src/model/token-data";
import { Workspace } from "../../src/model/workspace";
import type { ScanShape } from "../../src/kernels/scan";
import { noStep, type StepValues } from "../../src/kernels/shared/step";
import type { Program } from "../../src/runtime/program";
import { Arena } from "../../src/runtime/arena";
import { clockOf, profileProgram } from "../../src/runtime/profiler";
import { rmspropSettings, type Job } from "../job";
import { jobLayers } from "../model";
import { summarize } from "../statistics";
import { costOf, type Cost, type CostSizes } from "./costs";
import { measureRates, type Rates } from "./rates";

export interface ProfiledKernel extends Partial<Cost> {
  label: string;
  milliseconds: number;
  /** The step had no workgroups for this batch: there is nothing to measure. */
  empty?: true;
}

export interface ProfiledProgram {
  name: "training step" | "forward pass";
  /** All dispatches together, one after the other as in use. */
  milliseconds: number;
  kernels: ProfiledKernel[];
}

export interface Profile {
  adapter: string;
  clock: ReturnType<typeof clockOf>;
  /** Shape of the time loop: "narrow" or "wide". */
  shape: ScanShape;
  rates: Rates;
  /** Sizes of the profiled batch, the job's first. */
  sizes: CostSizes;
  programs: ProfiledProgram[];
}

const layout: BatchLayout = {
  sharePrefix: true,
  stages: [],
  reverse: false,
  sequences: false,
  maskLoss: false,
  labelWidth: 1,
  rowTokens: false,
  carriesState: false,
};

/**
 * Profiles the kernels of the job's training step and forward pass on its first batch.
 *
 * @param scan the shape of the time loop; without it the one that `compile` would choose
 */
export async function profileJob(device: Device, job: Job, scan?: ScanShape): Promise<Profile> {
  const architecture = planArchitecture(jobLayers(job));
  const { shape, chunkSteps } = await chooseScan(device, architecture, { scan });
  const parameters = new Parameters(device, architecture.layers);
  parameters.set(job.weights);
  const data = tokenData(
    { data: job.tokens, shape: [job.batches * job.batchSize, job.steps] },
    job.vocabulary,
    "x",
  );
  const workspace = new Workspace(
    new Arena(device, "profile"),
    architecture,
    {
      parameters,
      loss: resolveLoss("binaryCrossentropy"),
      optimizer: rmsprop(rmspropSettings),
      shape,
      chunkSteps,
    },
    {
      layout,
      capacity: batchCapacity(data, job.batchSize, job.vocabulary, layout),
      tokens: data.steps + data.tokens.length,
      training: true,
    },
  );
  try {
    await workspace.ready();
    workspace.uploadTokens(data);
    // A step size of zero: the weights stay what they are however often the optimizer runs.
    const rates = noStep;
    const plan = workspace.planner.plan(data, { labels: job.labels }, range(0, job.batchSize), true, rates);
    const encoder = device.gpu.createCommandEncoder({ label: "plan" });
    workspace.encodePlan(encoder, 0, plan.words);
    device.gpu.queue.submit([encoder.finish()]);
    const { segments } = workspace.planner as BatchPlanner;
    const prefixSteps = segments[segmentStepsAt];
    const sizes: CostSizes = { ...plan.sizes, prefixSteps };
    const train = await profile(device, "training step", workspace.programs.train!.last, sizes);
    const forward = await profile(device, "forward pass", workspace.programs.evaluate!.last, sizes);
    return {
      adapter: device.description,
      clock: clockOf(device),
      shape,
      rates: await measureRates(device),
      sizes,
      programs: [train, forward],
    };
  } finally {
    workspace.dispose();
    parameters.dispose();
  }
}

/** Where a segment's number of steps stands among its words; the first segment is the shared padding. */
const segmentStepsAt = 1;

async function profile(
  device: Device,
  name: ProfiledProgram["name"],
  program: Program<StepValues>,
  sizes: CostSizes,
): Promise<ProfiledProgram> {
  program.run(sizes);
  await device.idle();
  const times = withParts(await profileProgram(device, program, sizes));
  const kernels = times.map(({ label, milliseconds, repetitions }): ProfiledKernel => {
    if (repetitions === 0) return { label, milliseconds, empty: true };
    const chunks = times.filter((time) => time.label === label && time.repetitions > 0).length;
    return { label, milliseconds, ...shareOf(costOf(label, sizes), label.startsWith("scan") ? chunks : 1) };
  });
  return { name, milliseconds: await wallTime(device, program, sizes), kernels };
}

/**
 * One kernel takes the shared padding and the samples; only the order of its dispatches tells which: the padding first
 * forward in time, last backward, both cut into equally many chunks.
 */
export function withParts<Timed extends { label: string }>(times: readonly Timed[]): Timed[] {
  return times.map((time) => {
    const { label } = time;
    if (!label.startsWith("scan")) return time;
    const same = times.filter((other) => other.label === label);
    const early = same.indexOf(time) < same.length / 2;
    const part = early === label.startsWith("scanForward") ? "prefix" : "samples";
    return { ...time, label: label.replace(/>$/, ` part=${part}>`) };
  });
}

/** A long time loop is cut into several dispatches of one kernel: its work is shared out evenly. */
function shareOf(cost: Cost | undefined, chunks: number): Cost | undefined {
  return cost && { flop: cost.flop / chunks, bytes: cost.bytes / chunks };
}

/** Milliseconds of a whole run, from submit to end, as many at a time as a training keeps in flight. */
async function wallTime(device: Device, program: Program<StepValues>, sizes: CostSizes): Promise<number> {
  const runs = 4;
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const begin = performance.now();
    for (let i = 0; i < runs; i++) program.run(sizes);
    await device.idle();
    times.push((performance.now() - begin) / runs);
  }
  return summarize(times).median;
}

import { dense, embedding, rmsprop, simpleRNN, type Device } from "webgpu-rnn";
import { planArchitecture } from "../../src/model/architecture";
import { batchCapacity, type BatchLayout } from "../../src/model/batch-plan";
import { resolveLoss } from "../../src/model/losses";
import { Parameters } from "../../src/model/parameters";
import { chooseScanShape } from "../../src/model/scan-choice";
import { range } from "../../src/model/session";
import { tokenData } from "../../src/model/token-data";
import { Workspace } from "../../src/model/workspace";
import type { StepValues } from "../../src/kernels/shared/step";
import type { Program } from "../../src/runtime/program";
import { clockOf, measure, profileProgram } from "../../src/runtime/profiler";
import { rmspropSettings, type Job } from "../job";
import { costOf, type Cost, type CostSizes } from "./costs";
import { measureRates, type Rates } from "./rates";

export interface ProfiledKernel extends Partial<Cost> {
  label: string;
  milliseconds: number;
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
  shape: string;
  rates: Rates;
  /** Sizes of the profiled batch, the job's first. */
  sizes: CostSizes;
  programs: ProfiledProgram[];
}

const layout: BatchLayout = {
  sharePrefix: true,
  reverse: false,
  sequences: false,
  maskLoss: false,
  labelWidth: 1,
  rowTokens: false,
};

/** Profiles the kernels of the job's training step and forward pass on its first batch. */
export async function profileJob(device: Device, job: Job): Promise<Profile> {
  const { layers } = job;
  const shape = await chooseScanShape(device, layers);
  const parameters = new Parameters(device, layers.layers);
  parameters.set(job.weights);
  return { adapter: device.description, clock: clockOf(device), shape } as Profile;
}

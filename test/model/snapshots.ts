/** Trainings that are interrupted, and all that they leave behind. */
import {
  adam,
  dense,
  embedding,
  sequential,
  simpleRNN,
  type CheckpointStore,
  type CompileOptions,
  type Device,
  type FitOptions,
  type Layer,
  type Sequential,
  type TrainingSnapshot,
} from "../../src/index";
import { findTheSeven } from "./training";

export const { x, y } = findTheSeven(1);

/** Keeps every snapshot that was ever saved. */
export class Memory implements CheckpointStore {
  readonly all: TrainingSnapshot[] = [];

  async save(snapshot: TrainingSnapshot): Promise<void> {
    this.all.push(structuredClone(snapshot));
    return Promise.resolve();
  }

  load(): Promise<TrainingSnapshot | undefined> {
    return Promise.resolve(this.all.at(-1));
  }

  clear(): Promise<void> {
    this.all.length = 0;
    return Promise.resolve();
  }
}

export interface Job {
  compile: Partial<CompileOptions>;
  fit: () => FitOptions;
  layers?: () => Layer[];
}

const layers = (): Layer[] => [embedding(20, 5), simpleRNN(7), dense(1, { activation: "sigmoid" })];

export async function made(device: Device, job: Job): Promise<Sequential> {
  const model = sequential((job.layers ?? layers)());
  await model.compile({
    optimizer: adam({ learningRate: 0.02 }),
    loss: "binaryCrossentropy",
    metrics: ["acc"],
    device,
    seed: 4,
    scan: "narrow",
    ...job.compile,
  });
  return model;
}

/** Trains, and gives all that a training leaves behind. */
export async function outcome(device: Device, job: Job, options: FitOptions = {}) {
  const model = await made(device, job);
  const history = await model.fit(x, y, { ...job.fit(), ...options });
  const left = { history, weights: await model.getWeights(), optimizer: await model.getOptimizerState() };
  model.dispose();
  return left;
}

export const common = { epochs: 3, batchSize: 25, validationSplit: 0.2 };
export const sampleWeight = y.map((_, row) => 0.5 + (row % 3) / 2);

import { inspectModel, saveModel } from "webgpu-rnn/io";
import { fromMetadata, toMetadata, type Model, type Weight } from "./net";
import type { Settings } from "./settings";
import * as store from "./store";
import type { OptimizerState, Progress } from "./trainer";
import type { Run } from "./runs";

const key = "checkpoint";

/** A training in the middle: what is needed to go on with it, in this visit or the next. */
export interface Checkpoint {
  settings: Settings;
  progress: Progress;
  run: Run;
  weights: Weight[];
  optimizer: OptimizerState;
}

/** A net as the bytes of a safetensors file. */
export function toFile({ layers, weights, preprocessing }: Model): Promise<Uint8Array<ArrayBuffer>> {
  const savable = {
    getConfig: () => ({ name: "sequential", layers }),
    getWeights: () => Promise.resolve(weights),
  };
  return saveModel(savable, "safetensors", { metadata: toMetadata(preprocessing) });
}

/**
 * The net of a file that {@link toFile} wrote, or the command line.
 *
 * @throws {Error} the file is damaged, of another kind, or does not say what its words are.
 */
export async function fromFile(source: Blob | Uint8Array): Promise<Model> {
  const { architecture, weights, metadata } = await inspectModel(source);
  const { layers } = architecture as Pick<Model, "layers">;
  return { layers, weights, preprocessing: fromMetadata(metadata) };
}

/** Keeps a checkpoint for the next visit; it replaces the one before. */
export function keepCheckpoint(checkpoint: Checkpoint): Promise<boolean> {
  return store.keep(key, checkpoint);
}

/** The checkpoint that an interrupted training has left. */
export async function loadCheckpoint(): Promise<Checkpoint | undefined> {
  return (await store.load(key)) as Checkpoint | undefined;
}

/** The training is over: there is nothing to go on with. */
export function forgetCheckpoint(): Promise<void> {
  return store.forget(key);
}

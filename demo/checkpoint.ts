import type { Standing } from "./courses";
import type { Run } from "./runs";
import type { Settings } from "./settings";
import * as store from "./store";

const key = "checkpoint";

/** A training in the middle: what is needed to go on with it, in this visit or the next. */
export interface Checkpoint extends Standing {
  settings: Settings;
  run: Run;
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

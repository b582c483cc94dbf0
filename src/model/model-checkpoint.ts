import { checkOption } from "./checks";
import { ownState } from "./callback";
import type { Callback, CallbackModel, Logs } from "./callback";
import { watch, type MonitorMode } from "./monitor";
import type { NamedWeight } from "./weights";

/** What a `modelCheckpoint` hands to its saving function. */
export interface Checkpoint {
  readonly weights: NamedWeight[];
  /** From 0. */
  readonly epoch: number;
  /** From 0; undefined at the end of an epoch. */
  readonly batch: number | undefined;
  readonly logs: Logs;
}

/** Options of `modelCheckpoint`, with Keras's defaults. */
export interface ModelCheckpointOptions {
  /** Does the saving; training waits for it. */
  save: (checkpoint: Checkpoint) => void | Promise<void>;
  /** Default `"val_loss"`. */
  monitor?: string;
  verbose?: 0 | 1;
  /** Saves only when the figure is better than ever before. Default false. */
  saveBestOnly?: boolean;
  mode?: MonitorMode;
  /** `"epoch"`, or a number of batches. Default `"epoch"`. */
  saveFreq?: number | "epoch";
  /** With `saveBestOnly`: the figure that the first save must beat. */
  initialValueThreshold?: number;
}

/**
 * Calls a saving function of yours at the end of every epoch, every so many batches, or whenever
 * a figure is better than before.
 *
 * @throws InvalidInputError for a `saveFreq` below 1, or when the direction cannot be told
 * @example
 * modelCheckpoint({ saveBestOnly: true, save: ({ weights }) => { best = weights; } });
 * @see https://keras.io/api/callbacks/model_checkpoint/
 */
export function modelCheckpoint({
  save,
  monitor = "val_loss",
  verbose = 0,
  saveBestOnly = false,
  mode = "auto",
  saveFreq = "epoch",
  initialValueThreshold,
}: ModelCheckpointOptions): Callback {
  const { worst, improves, read } = watch("modelCheckpoint", monitor, saveBestOnly ? mode : "min");
  const counts = saveFreq === "epoch" || (Number.isInteger(saveFreq) && saveFreq > 0);
  checkOption(counts, "modelCheckpoint", "saveFreq", '"epoch" or a number of batches', saveFreq);
  let model: CallbackModel;
  let best = initialValueThreshold ?? worst;
  let currentEpoch = 0;
  let batchesSinceSave = 0;
  let lastBatch = 0;

  const isDue = (epoch: number, logs: Logs): boolean => {
    if (!saveBestOnly) return true;
    const current = read(logs);
    // As Keras does: better one checkpoint too many than none.
    if (current === undefined) return true;
    const improved = improves(current, best);
    if (verbose) {
      const change = improved
        ? `improved from ${best.toFixed(5)} to ${current.toFixed(5)}, saving model`
        : `did not improve from ${best.toFixed(5)}`;
      console.log(`\nEpoch ${String(epoch + 1)}: ${monitor} ${change}`);
    }
    if (improved) best = current;
    return improved;
  };
  const saveIfDue = async (epoch: number, batch: number | undefined, logs: Logs): Promise<void> => {
    if (isDue(epoch, logs)) await save({ weights: await model.getWeights(), epoch, batch, logs });
  };

  const common: Callback = {
    setModel(trained) {
      model = trained;
    },
    onEpochBegin(epoch) {
      currentEpoch = epoch;
    },
    saveState: () => ({ callback: "modelCheckpoint", best, batchesSinceSave, lastBatch }),
    restoreState(state) {
      ({ best, batchesSinceSave, lastBatch } = ownState<ModelCheckpointState>("modelCheckpoint", state));
    },
  };
  if (saveFreq === "epoch") {
    return { ...common, onEpochEnd: (epoch, logs) => saveIfDue(epoch, undefined, logs) };
  }
  return {
    ...common,
    async onBatchEnd(batch, logs) {
      batchesSinceSave += batch <= lastBatch ? batch + 1 : batch - lastBatch;
      lastBatch = batch;
      if (batchesSinceSave < saveFreq) return;
      batchesSinceSave = 0;
      await saveIfDue(currentEpoch, batch, logs);
    },
  };
}

interface ModelCheckpointState {
  best: number;
  batchesSinceSave: number;
  lastBatch: number;
}

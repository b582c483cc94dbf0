import { ownState } from "./callback";
import type { Callback, CallbackModel } from "./callback";
import { watch, type MonitorMode } from "./monitor";
import type { NamedWeight } from "./weights";

/** Options of `earlyStopping`, with Keras's defaults. */
export interface EarlyStoppingOptions {
  /** The figure to watch. Default `"val_loss"`. */
  monitor?: string;
  /** Smaller changes are no improvement. Default 0. */
  minDelta?: number;
  /** Epochs without improvement after which training stops. Default 0. */
  patience?: number;
  /** 1 prints what is done. Default 0. */
  verbose?: 0 | 1;
  mode?: MonitorMode;
  /** Patience runs until the figure is better than this, too. */
  baseline?: number;
  /** Whether training ends with the weights of the best epoch. Default false. */
  restoreBestWeights?: boolean;
  /** Epochs before this one are not watched. Default 0. */
  startFromEpoch?: number;
}

/**
 * Stops training when a figure no longer improves. Used for a second `fit`, it starts afresh.
 *
 * @throws InvalidInputError when the direction cannot be told from the figure's name
 * @example
 * const stop = earlyStopping({ monitor: "val_acc", patience: 2, restoreBestWeights: true });
 * await model.fit(x, y, { epochs: 50, validationSplit: 0.2, callbacks: [stop] });
 * @see https://keras.io/api/callbacks/early_stopping/
 */
export function earlyStopping({
  monitor = "val_loss",
  minDelta = 0,
  patience = 0,
  verbose = 0,
  mode = "auto",
  baseline,
  restoreBestWeights = false,
  startFromEpoch = 0,
}: EarlyStoppingOptions = {}): Callback {
  const { worst, improves, read } = watch("earlyStopping", monitor, mode, Math.abs(minDelta));
  let model: CallbackModel;
  let wait = 0;
  let best = worst;
  let bestEpoch = 0;
  let bestWeights: NamedWeight[] | undefined;
  let stoppedEpoch: number | undefined;

  return {
    setModel(trained) {
      model = trained;
    },
    onTrainBegin() {
      [wait, best, bestEpoch] = [0, worst, 0];
      bestWeights = stoppedEpoch = undefined;
    },
    async onEpochEnd(epoch, logs) {
      const current = read(logs);
      if (current === undefined || epoch < startFromEpoch) return;
      const isBest = improves(current, best);
      // The first epoch's weights are kept whatever its figure is: there must be some to go back to.
      if (restoreBestWeights && (isBest || bestWeights === undefined)) {
        bestWeights = await model.getWeights();
        bestEpoch = epoch;
      }
      wait++;
      if (isBest) {
        best = current;
        if (baseline === undefined || improves(current, baseline)) wait = 0;
      } else if (wait >= patience && epoch > 0) {
        stoppedEpoch = epoch;
        model.stopTraining = true;
      }
    },
    async onTrainEnd() {
      if (verbose && stoppedEpoch !== undefined)
        console.log(`Epoch ${String(stoppedEpoch + 1)}: early stopping`);
      if (bestWeights === undefined) return;
      if (verbose) {
        console.log(`Restoring model weights from the end of the best epoch: ${String(bestEpoch + 1)}.`);
      }
      await model.setWeights(bestWeights);
    },
    saveState: () => ({ callback: "earlyStopping", wait, best, bestEpoch, bestWeights, stoppedEpoch }),
    restoreState(state) {
      ({ wait, best, bestEpoch, bestWeights, stoppedEpoch } = ownState<EarlyStoppingState>(
        "earlyStopping",
        state,
      ));
    },
  };
}

interface EarlyStoppingState {
  wait: number;
  best: number;
  bestEpoch: number;
  bestWeights: NamedWeight[] | undefined;
  stoppedEpoch: number | undefined;
}

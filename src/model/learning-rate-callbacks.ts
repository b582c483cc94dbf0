import { invalid } from "../runtime/errors";
import { checkOption } from "./checks";
import { assertSettable, ownState, type Callback, type CallbackModel } from "./callback";
import { watch, type MonitorMode } from "./monitor";

/**
 * Sets the learning rate at the beginning of every epoch, and adds it to the epoch's figures as
 * `learning_rate`.
 *
 * @param schedule takes the epoch (from 0) and the rate of now, gives the rate to come
 * @throws InvalidInputError during training when `schedule` gives no finite number
 * @throws StateError when training begins with an optimizer whose learning rate follows a schedule
 * @example
 * learningRateScheduler((epoch, rate) => (epoch < 10 ? rate : rate * Math.exp(-0.1)));
 * @see https://keras.io/api/callbacks/learning_rate_scheduler/
 */
export function learningRateScheduler(
  schedule: (epoch: number, learningRate: number) => number,
  { verbose = 0 }: { verbose?: 0 | 1 } = {},
): Callback {
  let model: CallbackModel;
  return {
    setModel(trained) {
      assertSettable("learningRateScheduler", trained);
      model = trained;
    },
    onEpochBegin(epoch) {
      const rate = schedule(epoch, model.learningRate);
      if (!Number.isFinite(rate)) {
        const remedy = "return a number from the schedule";
        throw invalid("learningRateScheduler", "a finite learning rate", String(rate), remedy);
      }
      model.learningRate = rate;
      if (!verbose) return;
      console.log(
        `\nEpoch ${String(epoch + 1)}: LearningRateScheduler setting learning rate to ${String(rate)}.`,
      );
    },
    onEpochEnd(_epoch, logs) {
      logs.learning_rate = model.learningRate;
    },
  };
}

/** Options of `reduceLROnPlateau`, with Keras's defaults. */
export interface ReduceLROnPlateauOptions {
  /** The figure to watch. Default `"val_loss"`. */
  monitor?: string;
  /** What the rate is multiplied by; below 1. Default 0.1. */
  factor?: number;
  /** Epochs without improvement before the rate is reduced. Default 10. */
  patience?: number;
  verbose?: 0 | 1;
  /** `"auto"` takes a figure with `acc` in its name as better large, any other as better small. */
  mode?: MonitorMode;
  /** Smaller changes are no improvement. Default 0.0001. */
  minDelta?: number;
  /** Epochs after a reduction that do not count. Default 0. */
  cooldown?: number;
  /** Default 0. */
  minLr?: number;
}

/**
 * Reduces the learning rate when a figure no longer improves, and adds the rate to the epoch's
 * figures as `learning_rate`.
 *
 * @throws InvalidInputError for a factor of 1 or more
 * @throws StateError when training begins with an optimizer whose learning rate follows a schedule
 * @example
 * reduceLROnPlateau({ monitor: "val_loss", factor: 0.2, patience: 5, minLr: 0.0001 });
 * @see https://keras.io/api/callbacks/reduce_lr_on_plateau/
 */
export function reduceLROnPlateau({
  monitor = "val_loss",
  factor = 0.1,
  patience = 10,
  verbose = 0,
  mode = "auto",
  minDelta = 1e-4,
  cooldown = 0,
  minLr = 0,
}: ReduceLROnPlateauOptions = {}): Callback {
  checkOption(factor < 1, "reduceLROnPlateau", "factor", "a number below 1", factor);
  const guessed = mode === "auto" ? (monitor.includes("acc") ? "max" : "min") : mode;
  const { worst, improves, read } = watch("reduceLROnPlateau", monitor, guessed, minDelta);
  let model: CallbackModel;
  let best = worst;
  let wait = 0;
  let cooldownLeft = 0;

  const reduce = (epoch: number): void => {
    if (model.learningRate <= Math.fround(minLr)) return;
    const rate = Math.max(model.learningRate * factor, minLr);
    model.learningRate = rate;
    [cooldownLeft, wait] = [cooldown, 0];
    if (!verbose) return;
    console.log(`\nEpoch ${String(epoch + 1)}: ReduceLROnPlateau reducing learning rate to ${String(rate)}.`);
  };
  return {
    setModel(trained) {
      assertSettable("reduceLROnPlateau", trained);
      model = trained;
    },
    onTrainBegin() {
      [best, wait, cooldownLeft] = [worst, 0, 0];
    },
    onEpochEnd(epoch, logs) {
      logs.learning_rate = model.learningRate;
      const current = read(logs);
      if (current === undefined) return;
      if (cooldownLeft > 0) {
        cooldownLeft--;
        wait = 0;
      }
      if (improves(current, best)) {
        [best, wait] = [current, 0];
      } else if (cooldownLeft === 0) {
        wait++;
        if (wait >= patience) reduce(epoch);
      }
    },
    saveState: () => ({ callback: "reduceLROnPlateau", best, wait, cooldownLeft }),
    restoreState(state) {
      ({ best, wait, cooldownLeft } = ownState<PlateauState>("reduceLROnPlateau", state));
    },
  };
}

interface PlateauState {
  best: number;
  wait: number;
  cooldownLeft: number;
}

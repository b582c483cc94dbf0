import { hookNames, ownState } from "./callback";
import { knownOptions } from "./checks";
import type { Callback, CallbackModel, Logs } from "./callback";

/** Options of `csvLogger`. */
export interface CsvLoggerOptions {
  /** Takes each line, without a line break. */
  write: (line: string) => void | Promise<void>;
  /** Default `","`. */
  separator?: string;
  /** The lines go on a log that has its header already. Default false. */
  append?: boolean;
}

/**
 * Writes the figures of every epoch as CSV: `epoch`, then the names of the first epoch in order.
 *
 * @example
 * const lines = [];
 * await model.fit(x, y, { callbacks: [csvLogger({ write: (line) => lines.push(line) })] });
 * @see https://keras.io/api/callbacks/csv_logger/
 */
export function csvLogger({ write, separator = ",", append = false }: CsvLoggerOptions): Callback {
  let names: string[] | undefined;
  return {
    onTrainBegin() {
      names = undefined;
    },
    async onEpochEnd(epoch, logs) {
      if (names === undefined) {
        names = Object.keys(logs).sort();
        if (!append) await write(["epoch", ...names].join(separator));
      }
      const values = names.map((name) => (Object.hasOwn(logs, name) ? String(logs[name]) : "NA"));
      await write([String(epoch), ...values].join(separator));
    },
    saveState: () => ({ callback: "csvLogger", names }),
    restoreState(state) {
      ({ names } = ownState<{ names: string[] | undefined }>("csvLogger", state));
    },
  };
}

/**
 * Stops training as soon as the loss is NaN or infinite.
 *
 * @example
 * await model.fit(x, y, { callbacks: [terminateOnNaN()] });
 * @see https://keras.io/api/callbacks/terminate_on_nan/
 */
export function terminateOnNaN(): Callback {
  let model: CallbackModel;
  const check = (where: string, { loss }: Logs): void => {
    if (loss === undefined || Number.isFinite(loss) || model.stopTraining) return;
    console.warn(`${where}: Invalid loss (${String(loss)}), terminating training`);
    model.stopTraining = true;
  };
  return {
    setModel(trained) {
      model = trained;
    },
    onBatchEnd(batch, logs) {
      check(`Batch ${String(batch)}`, logs);
    },
    onEpochEnd(epoch, logs) {
      check(`Epoch ${String(epoch + 1)}`, logs);
    },
  };
}

/**
 * A callback of the functions given, their names checked.
 *
 * @throws InvalidInputError for a name that is no hook: a misspelt one would never be called
 * @example
 * lambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs.val_acc) });
 * @see https://keras.io/api/callbacks/lambda_callback/
 */
export function lambdaCallback(hooks: Callback): Callback {
  knownOptions("lambdaCallback", hooks, hookNames);
  return { ...hooks };
}

export { earlyStopping } from "./early-stopping";
export type { EarlyStoppingOptions } from "./early-stopping";
export { modelCheckpoint } from "./model-checkpoint";
export type { Checkpoint, ModelCheckpointOptions } from "./model-checkpoint";
export { learningRateScheduler, reduceLROnPlateau } from "./learning-rate-callbacks";
export type { ReduceLROnPlateauOptions } from "./learning-rate-callbacks";
export { CallbackList } from "./callback";
export type { Callback, CallbackModel, Logs } from "./callback";

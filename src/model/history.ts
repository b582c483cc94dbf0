import type { Callback, Logs } from "./callback";

/** What `fit` resolves to. */
export interface History {
  /** The numbers of the epochs that were run, from `initialEpoch`. */
  readonly epoch: number[];
  /** By name, one figure for each epoch: `loss`, `acc`, `val_loss`, `val_acc`, what callbacks added. */
  readonly history: Record<string, number[]>;
}

/** Keeps the figures of every epoch. It belongs last in the list, so that it sees what others add. */
export class HistoryRecorder implements Callback {
  readonly result: History = { epoch: [], history: {} };

  /** The figures so far, apart from those to come. */
  copy(): History {
    return structuredClone(this.result);
  }

  /** Goes on behind the figures of an earlier run. */
  restore({ epoch, history }: History): void {
    this.result.epoch.push(...epoch);
    Object.assign(this.result.history, structuredClone(history));
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    this.result.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      (this.result.history[name] ??= []).push(value);
    }
  }
}

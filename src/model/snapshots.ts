import type { CallbackList } from "./callback";
import type { HistoryRecorder } from "./history";
import type { Tensor } from "../runtime/tensor";
import { noSums, type PassSnapshots, type Sums } from "./runner";
import type { Session } from "./session";
import { describeModelOf } from "./restore";
import { captureModel, generatorsOf, type TrainingPosition, type TrainingState } from "./snapshot";
import type { SnapshotSchedule } from "./snapshot-schedule";

/** The training that is taken. */
interface Subject {
  session: Session;
  /** Of stateful layers. */
  carried: readonly Tensor[];
  /** Steps of an epoch. */
  steps: number;
  history: HistoryRecorder;
  callbacks: CallbackList;
  state: { stopTraining: boolean };
}

/** Finishes a snapshot whose copy on the device is under way, once the sums up to its step are known. */
export type FinishSnapshot = (sums: Sums) => Promise<void>;

/** Who takes snapshots of a running training. */
export interface Snapshots {
  /**
   * Whether a snapshot is to be taken behind a step.
   *
   * @throws what `save` threw at an earlier one
   */
  due: (epoch: number, step: number) => boolean;
  /** Has the device copy the model as it is behind the steps submitted so far. */
  begin: (at: Pick<TrainingPosition, "epoch" | "step" | "generators">) => Promise<FinishSnapshot>;
  /** Takes the snapshot at the end of an epoch, where it is due: the next one has not begun. */
  atEpochEnd: (epoch: number) => Promise<void>;
  /** Waits for the snapshot that is under way, whether it can be saved or not. */
  settled: () => Promise<void>;
  /**
   * Waits for the last snapshot.
   *
   * @throws what `save` threw
   */
  finish: () => Promise<void>;
}

/**
 * Takes snapshots by a schedule and hands them to `save`. Training does not wait for the copy nor for `save`, unless by
 * the count of steps the next one is due before: then it must not fall further behind.
 *
 * @param optional whether training goes on without a snapshot that cannot be taken
 */
export function snapshotsOf(
  { session, carried, steps, history, callbacks, state }: Subject,
  { everySteps, everyEpochs = 1, everySeconds = Infinity }: SnapshotSchedule,
  save: (snapshot: TrainingState) => Promise<void>,
  optional = false,
): Snapshots {
  let busy = false;
  let saving: Promise<void> = Promise.resolve();
  let failure: { error: unknown } | undefined;
  let lastBegin = performance.now();

  const throwFailure = (): void => {
    if (failure) throw failure.error;
  };
  const begin: Snapshots["begin"] = async (at) => {
    await saving;
    busy = true;
    lastBegin = performance.now();
    const model = captureModel(session, carried);
    // Should the training fail before the snapshot is finished, that error is the one to tell.
    model.catch(() => undefined);
    return async (sums) => {
      const host = {
        ...describeModelOf(session),
        position: { ...at, sums, stopped: state.stopTraining },
        history: history.copy(),
        callbacks: await callbacks.saveStates(),
      };
      saving = model
        .then((taken) => save({ ...taken, ...host }))
        .catch((error: unknown) => {
          if (!optional) failure ??= { error };
        })
        .finally(() => (busy = false));
    };
  };
  return {
    begin,
    due(epoch, step) {
      throwFailure();
      if (everySteps !== undefined && (epoch * steps + step) % everySteps === 0) return true;
      return !busy && performance.now() - lastBegin >= everySeconds * 1000;
    },
    async atEpochEnd(epoch) {
      if ((epoch + 1) % everyEpochs !== 0) return;
      const finish = await begin({ epoch: epoch + 1, step: 0, generators: generatorsOf(session) });
      await finish(noSums);
    },
    settled: () => saving,
    async finish() {
      await saving;
      throwFailure();
    },
  };
}

/** Those who take snapshots, each by a schedule of its own, within a pass over the data. */
export function takersOf(
  takers: readonly Snapshots[],
  at: Pick<TrainingPosition, "epoch" | "generators">,
): PassSnapshots | undefined {
  if (takers.length === 0) return undefined;
  let due: readonly Snapshots[] = [];
  return {
    due(step) {
      due = takers.filter((taker) => taker.due(at.epoch, step));
      return due.length > 0;
    },
    async begin(step) {
      const finish = await Promise.all(due.map((taker) => taker.begin({ ...at, step })));
      return async (sums) => void (await Promise.all(finish.map((one) => one(sums))));
    },
  };
}

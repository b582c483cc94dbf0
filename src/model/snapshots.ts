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

/**
 * Takes snapshots of a running training by a schedule and hands them to `save`. Training does not wait for the
 * copy nor for `save`, unless by the count of steps the next one is due before: then it must not fall further behind.
 */
export class Snapshots {
  readonly #subject: Subject;
  readonly #schedule: SnapshotSchedule;
  readonly #save: (snapshot: TrainingState) => Promise<void>;
  readonly #optional: boolean;
  #busy = false;
  #saving: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;
  #lastBegin = performance.now();

  /** @param options.optional whether training goes on without a snapshot that cannot be taken */
  constructor(
    subject: Subject,
    schedule: SnapshotSchedule,
    save: (snapshot: TrainingState) => Promise<void>,
    { optional = false }: { optional?: boolean } = {},
  ) {
    this.#subject = subject;
    this.#schedule = schedule;
    this.#save = save;
    this.#optional = optional;
  }

  /**
   * Whether a snapshot is to be taken behind a step.
   *
   * @throws what `save` threw at an earlier one
   */
  due(epoch: number, step: number): boolean {
    if (this.#failure) throw this.#failure.error;
    const { everySteps, everySeconds = Infinity } = this.#schedule;
    if (everySteps !== undefined && (epoch * this.#subject.steps + step) % everySteps === 0) return true;
    return !this.#busy && performance.now() - this.#lastBegin >= everySeconds * 1000;
  }

  /** Has the device copy the model as it is behind the steps submitted so far. */
  async begin(at: Pick<TrainingPosition, "epoch" | "step" | "generators">): Promise<FinishSnapshot> {
    const { session, carried, history, callbacks, state } = this.#subject;
    await this.#saving;
    this.#busy = true;
    this.#lastBegin = performance.now();
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
      this.#saving = model
        .then((taken) => this.#save({ ...taken, ...host }))
        .catch((error: unknown) => {
          if (!this.#optional) this.#failure ??= { error };
        })
        .finally(() => (this.#busy = false));
    };
  }

  /** Takes the snapshot at the end of an epoch, where it is due: the next one has not begun. */
  async atEpochEnd(epoch: number): Promise<void> {
    if ((epoch + 1) % (this.#schedule.everyEpochs ?? 1) !== 0) return;
    const generators = generatorsOf(this.#subject.session);
    const finish = await this.begin({ epoch: epoch + 1, step: 0, generators });
    await finish(noSums);
  }

  /** Waits for the snapshot that is under way, whether it can be saved or not. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  /**
   * Waits for the last snapshot.
   *
   * @throws what `save` threw
   */
  async finish(): Promise<void> {
    await this.#saving;
    if (this.#failure) throw this.#failure.error;
  }
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

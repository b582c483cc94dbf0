import { describe, StateError } from "../runtime/errors";
import { otherTraining } from "./checks";
import type { NamedWeight } from "./weights";

/**
 * Figures by name: `loss`, `acc`, and at the end of an epoch `val_loss`, `val_acc`. What a
 * callback adds at the end of an epoch is seen by those after it and stands in the history.
 */
export type Logs = Record<string, number>;

/** What a callback may see and change of the model that is being trained. */
export interface CallbackModel {
  /** Set to true to end the training after the running epoch, or batch. */
  stopTraining: boolean;
  /** Of the optimizer; takes effect with the next step. */
  learningRate: number;
  /** The schedule that the learning rate follows, and that keeps callbacks from changing it. */
  readonly learningRateSchedule?: string;
  getWeights(): Promise<NamedWeight[]>;
  setWeights(weights: readonly NamedWeight[]): Promise<void>;
}

type Awaitable = void | Promise<void>;

/**
 * Hooks into `fit`. All are optional and may be asynchronous: training waits for them. Epochs and
 * batches count from 0.
 *
 * @example
 * await model.fit(x, y, { callbacks: [{ onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) }] });
 */
export interface Callback {
  /** Called once before all others. */
  setModel?(model: CallbackModel): void;
  onTrainBegin?(logs?: Logs): Awaitable;
  /** Is called also when training was stopped early, not when it failed. */
  onTrainEnd?(logs?: Logs): Awaitable;
  onEpochBegin?(epoch: number): Awaitable;
  onEpochEnd?(epoch: number, logs: Logs): Awaitable;
  /** `logs` are the epoch's means up to and including this batch. */
  onBatchEnd?(batch: number, logs: Logs): Awaitable;
  /**
   * What the callback must find again for a training to go on as if it had not stopped: plain data and typed
   * arrays, which it changes no more. Part of every checkpoint.
   */
  saveState?(): unknown;
  /** Takes back what `saveState` gave, after `onTrainBegin`, and within an epoch after `onEpochBegin`. */
  restoreState?(state: unknown): Awaitable;
}

/** @throws {StateError} the learning rate of the model follows a schedule. */
export function assertSettable(where: string, { learningRateSchedule }: CallbackModel): void {
  if (learningRateSchedule === undefined) return;
  const remedy = "pass the optimizer a number as learningRate, or leave this callback out";
  throw new StateError(
    describe(
      where,
      "a learning rate that may be changed",
      `one that follows ${learningRateSchedule}`,
      remedy,
    ),
  );
}

/** The names of a callback's hooks. */
export type HookName = keyof Callback;

/** All hook names: those of the training in the order in which they are first called, then those of checkpoints. */
export const hookNames: readonly HookName[] = [
  "setModel",
  "onTrainBegin",
  "onEpochBegin",
  "onBatchEnd",
  "onEpochEnd",
  "onTrainEnd",
  "saveState",
  "restoreState",
];

/** Several callbacks as one: each hook is called on all in their order, one after the other. */
export class CallbackList implements Required<Omit<Callback, "saveState" | "restoreState">> {
  readonly #callbacks: readonly Callback[];

  constructor(callbacks: readonly Callback[]) {
    this.#callbacks = callbacks;
  }

  /** Whether any callback wants figures after each batch, which cost a read-back. */
  get needsBatches(): boolean {
    return this.#callbacks.some((callback) => callback.onBatchEnd !== undefined);
  }

  setModel(model: CallbackModel): void {
    for (const callback of this.#callbacks) callback.setModel?.(model);
  }

  async onTrainBegin(logs?: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onTrainBegin?.(logs);
  }

  async onTrainEnd(logs?: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onTrainEnd?.(logs);
  }

  async onEpochBegin(epoch: number): Promise<void> {
    for (const callback of this.#callbacks) await callback.onEpochBegin?.(epoch);
  }

  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onEpochEnd?.(epoch, logs);
  }

  async onBatchEnd(batch: number, logs: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onBatchEnd?.(batch, logs);
  }

  /** The states of the callbacks that have one, in their order. */
  async saveStates(): Promise<unknown[]> {
    return Promise.all(this.#stateful.map((callback) => callback.saveState?.()));
  }

  /** @throws {InvalidInputError} other callbacks than those whose states these are. */
  checkStates(states: readonly unknown[]): void {
    const { length } = this.#stateful;
    if (length === states.length) return;
    throw otherTraining(`${states.length} callbacks with a state, as in the checkpoint`, String(length));
  }

  async restoreStates(states: readonly unknown[]): Promise<void> {
    for (const [i, callback] of this.#stateful.entries()) await callback.restoreState?.(states[i]);
  }

  get #stateful(): Callback[] {
    return this.#callbacks.filter((callback) => callback.saveState !== undefined);
  }
}

/**
 * A state that `saveState` of a callback of this name gave.
 *
 * @throws {InvalidInputError} it is another one's.
 */
export function ownState<State>(name: string, state: unknown): State {
  const { callback } = (state ?? {}) as { callback?: unknown };
  if (callback === name) return state as State;
  throw otherTraining(`the state of ${name} in the checkpoint`, `that of ${String(callback)}`);
}

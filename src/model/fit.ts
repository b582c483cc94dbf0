import { CallbackList, type Logs } from "./callback";
import { prepareData } from "./fit-data";
import { checkOptions, snapshotOf, type FitOptions } from "./fit-options";
import { compareSettings, fitSettings, type FitData, type FitSettings } from "./fit-settings";
import { HistoryRecorder, type History } from "./history";
import { explainNonFinite } from "./non-finite";
import { noSums, runPass, type Means, type Pass, type Sums } from "./runner";
import { figures, openWorkspace, type Labels, type Session } from "./session";
import { prepareRestore, restoreOf, type Restore } from "./restore";
import { generatorsOf, type TrainingState } from "./snapshot";
import { Snapshots, takersOf } from "./snapshots";
import type { TokenInput } from "./token-data";
import type { Workspace } from "./workspace";

export type { CheckpointOptions, FitOptions } from "./fit-options";

/** Milliseconds between two calls of `onBatchEnd`. */
const progressInterval = 100;

/** Milliseconds between two looks at the loss where no callback asks for more. */
const lossInterval = 1000;

/** See `Sequential.fit`. Called again after a lost device, it goes on from the copy in main memory, where there is one. */
export async function fit(session: Session, x: TokenInput, y: Labels, options: FitOptions): Promise<History> {
  checkOptions(options);
  options.signal?.throwIfAborted();
  const data = prepareData(session, x, y, options);
  const { batchSize = 32, shuffle = true, checkpoint, resume } = options;
  const { seed } = session.compiled;
  const settings = checkpoint || resume ? fitSettings(data, { batchSize, shuffle, seed }) : undefined;
  const copy = session.recovery.training;
  const snapshot = copy ? undefined : await snapshotOf(options);
  const restore = copy ? restoreOf(session, copy) : snapshot && prepareRestore(session, snapshot);
  if (snapshot && settings) compareSettings(snapshot.settings, settings);
  restore?.chooseShape();
  const workspace = await openWorkspace(session, data.data, batchSize, true);
  const training = new Training(session, workspace, data, settings, options);
  await training.begin(copy ?? snapshot, restore?.write);
  const history = await training.run();
  await session.recovery.atEnd(session, workspace.carried);
  return history;
}

/** The epoch that an earlier run has left, and what it has done of it. */
interface Begun {
  epoch: number;
  step: number;
  sums: Readonly<Sums>;
}

/** A call of `fit` whose data have been checked. */
class Training {
  readonly #session: Session;
  readonly #workspace: Workspace;
  readonly #data: FitData;
  readonly #options: FitOptions;
  readonly #batchSize: number;
  /** Steps of an epoch. */
  readonly #steps: number;
  readonly #state = { stopTraining: false };
  readonly #history = new HistoryRecorder();
  readonly #callbacks: CallbackList;
  /** Of `checkpoint`. */
  readonly #snapshots: Snapshots | undefined;
  /** Into main memory. */
  readonly #copies: Snapshots;
  /** Whether the user knows that the loss is no finite number. */
  #told = false;
  #begun: Begun;

  constructor(
    session: Session,
    workspace: Workspace,
    data: FitData,
    settings: FitSettings | undefined,
    options: FitOptions,
  ) {
    const { batchSize = 32, initialEpoch = 0, checkpoint } = options;
    this.#session = session;
    this.#workspace = workspace;
    this.#data = data;
    this.#options = options;
    this.#batchSize = batchSize;
    this.#steps = Math.ceil(data.training.length / batchSize);
    this.#callbacks = new CallbackList([...(options.callbacks ?? []), this.#history]);
    this.#begun = { epoch: initialEpoch, step: 0, sums: noSums };
    const subject = {
      session,
      carried: workspace.carried,
      steps: this.#steps,
      history: this.#history,
      callbacks: this.#callbacks,
      state: this.#state,
    };
    const { recovery } = session;
    const schedule = { everySeconds: recovery.interval(session) };
    this.#copies = new Snapshots(subject, schedule, (state) => recovery.save(state), { optional: true });
    if (checkpoint && settings) {
      const save = (state: TrainingState): Promise<void> => checkpoint.store.save({ ...state, settings });
      this.#snapshots = new Snapshots(subject, checkpoint, save);
    }
  }

  /** Calls the first hooks, and takes over a snapshot. */
  async begin(snapshot: TrainingState | undefined, write: Restore["write"] | undefined): Promise<void> {
    const callbacks = this.#callbacks;
    const { epochs = 1 } = this.#options;
    if (snapshot) callbacks.checkStates(snapshot.callbacks);
    callbacks.setModel(this.#session.callbackModel(this.#state));
    await callbacks.onTrainBegin({ epochs, steps: this.#steps });
    if (!snapshot) return;
    const { epoch, step, sums, stopped } = snapshot.position;
    if (step > 0) await callbacks.onEpochBegin(epoch);
    await callbacks.restoreStates(snapshot.callbacks);
    // Behind the hooks: what these change at an epoch's beginning the snapshot has in it.
    write?.(this.#workspace.carried);
    this.#history.restore(snapshot.history);
    this.#state.stopTraining = stopped;
    this.#begun = { epoch, step, sums };
  }

  async run(): Promise<History> {
    const { epochs = 1 } = this.#options;
    try {
      for (let { epoch, step } = this.#begun; epoch < epochs; epoch++, step = 0) {
        // An epoch that was ended in its middle still has its validation before it.
        if (this.#state.stopTraining && step === 0) break;
        await this.#runEpoch(epoch);
      }
      await this.#callbacks.onTrainEnd();
      await this.#snapshots?.finish();
    } finally {
      await this.#snapshots?.settled();
      await this.#copies.settled();
    }
    return this.#history.result;
  }

  async #runEpoch(epoch: number): Promise<void> {
    const { compiled } = this.#session;
    const { epochs = 1, verbose = 0 } = this.#options;
    const done = epoch === this.#begun.epoch ? this.#begun : { step: 0, sums: noSums };
    if (done.step === 0) await this.#callbacks.onEpochBegin(epoch);
    const logs: Logs = figures(await this.#train(epoch, done), compiled.accuracy);
    const { validation, targets } = this.#data;
    if (validation.length > 0) {
      const means = await this.#pass({ targets: targets.validation, order: validation });
      Object.assign(logs, figures(means, compiled.accuracy, "val_"));
    }
    await this.#callbacks.onEpochEnd(epoch, logs);
    this.#workspace.assertLive("fit");
    await this.#snapshots?.atEpochEnd(epoch);
    if (this.#session.recovery.affordable(this.#session)) {
      // Once it is there, no hook of this epoch is called again.
      await this.#copies.atEpochEnd(epoch);
      await this.#copies.settled();
      this.#session.compiled.device.assertAlive("fit");
    }
    if (verbose > 0) console.log(epochLine(epoch, epochs, logs));
  }

  /** One pass over the rows to train on, in an order of its own. */
  #train(epoch: number, done: Pick<Begun, "step" | "sums">): Promise<Means> {
    const { compiled, nextStep, stepTaken } = this.#session;
    const [callbacks, steps] = [this.#callbacks, this.#steps];
    const takers = [this.#copies, this.#snapshots].filter((taker) => taker !== undefined);
    const generators = generatorsOf(this.#session);
    const order = this.#data.training.slice();
    if (this.#options.shuffle ?? true) compiled.random.shuffle(order);
    return this.#pass({
      targets: this.#data.targets.training,
      order,
      nextStep,
      stepTaken,
      done,
      stop: () => this.#state.stopTraining,
      interval: callbacks.needsBatches ? progressInterval : lossInterval,
      onNonFinite: this.#told
        ? undefined
        : async (lost) => {
            this.#told = true;
            console.warn(await explainNonFinite(this.#session, { epoch, ...lost }));
          },
      onProgress: callbacks.needsBatches
        ? (batches, soFar) =>
            callbacks.onBatchEnd(batches - 1, { ...figures(soFar, compiled.accuracy), steps })
        : undefined,
      snapshots: takersOf(takers, { epoch, generators }),
    });
  }

  #pass(pass: Pick<Pass, "targets" | "order"> & Partial<Pass>): Promise<Means> {
    const { compiled } = this.#session;
    const { signal } = this.#options;
    const { data } = this.#data;
    return runPass(compiled.device, this.#workspace, {
      profile: this.#session.profile,
      where: "fit",
      data,
      batchSize: this.#batchSize,
      signal,
      ...pass,
    });
  }
}

function epochLine(epoch: number, epochs: number, logs: Logs): string {
  const parts = Object.entries(logs).map(([name, value]) => `${name}: ${value.toFixed(4)}`);
  return `Epoch ${epoch + 1}/${epochs} - ${parts.join(" - ")}`;
}

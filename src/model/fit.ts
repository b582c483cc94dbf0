import { CallbackList, type Logs } from "./callback";
import { figures, openWorkspace, type Labels, type Session } from "./session";
import { checkedOptions, snapshotOf, type FitOptions, type FitSetup } from "./fit-options";
export type { CheckpointOptions, FitOptions } from "./fit-options";
import { runPass, type Means, type Pass } from "./runner";
import { HistoryRecorder, type History } from "./history";
import { explainNonFinite } from "./non-finite";
import { prepareData } from "./fit-data";
import { generatorsOf, type TrainingState } from "./snapshot";
import { compareSettings, fitSettings, type FitData, type FitSettings } from "./fit-settings";
import { prepareRestore, restoreOf, type Restore } from "./restore";
import { snapshotsOf, takersOf } from "./snapshots";
import type { TokenInput } from "./token-data";
import type { Workspace } from "./workspace";

/** Milliseconds between two calls of `onBatchEnd`. */
const progressInterval = 100;

/** Milliseconds between two looks at the loss where no callback asks for more. */
const lossInterval = 1000;

/** See `Sequential.fit`. Called again after a lost device, it goes on from the copy in main memory, where there is one. */
export async function fit(session: Session, x: TokenInput, y: Labels, options: FitOptions): Promise<History> {
  const setup = checkedOptions(options);
  setup.signal?.throwIfAborted();
  const data = prepareData(session, x, y, setup);
  const { batchSize, shuffle, checkpoint, resume } = setup;
  const { compiled, recovery } = session;
  const { seed } = compiled;
  const settings = checkpoint || resume ? fitSettings(data, { batchSize, shuffle, seed }) : undefined;
  const copy = recovery.training;
  const snapshot = copy ? undefined : await snapshotOf(setup);
  const restore = copy ? restoreOf(session, copy) : snapshot && prepareRestore(session, snapshot);
  if (snapshot && settings) compareSettings(snapshot.settings, settings);
  restore?.chooseShape();
  const workspace = await openWorkspace(session, data.data, batchSize, true);
  const begun = copy ?? snapshot;
  const history = await train({ session, workspace, data, settings, setup, begun, write: restore?.write });
  await recovery.atEnd(session, workspace.carried);
  return history;
}

/** A call of `fit` whose data have been checked. */
interface Call {
  session: Session;
  workspace: Workspace;
  data: FitData;
  setup: FitSetup;
  /** With `checkpoint` and `resume`. */
  settings: FitSettings | undefined;
  /** Where an earlier run has left the training. */
  begun: TrainingState | undefined;
  /** Puts that on the device. */
  write: Restore["write"] | undefined;
}

async function train({ session, workspace, data, setup, settings, begun, write }: Call): Promise<History> {
  const { compiled, recovery } = session;
  const { epochs, initialEpoch, batchSize, shuffle, checkpoint, signal, verbose } = setup;
  const { training, validation, targets } = data;
  /** Of an epoch. */
  const steps = Math.ceil(training.length / batchSize);
  const state = { stopTraining: false };
  const history = new HistoryRecorder();
  const callbacks = new CallbackList([...setup.callbacks, history]);
  const subject = { session, carried: workspace.carried, steps, history, callbacks, state };
  const everySeconds = recovery.interval(session);
  /** Into main memory. */
  const copies = snapshotsOf(subject, { everySeconds }, (taken) => recovery.save(taken), true);
  const snapshots =
    checkpoint &&
    settings &&
    snapshotsOf(subject, checkpoint, (taken) => checkpoint.store.save({ ...taken, settings }));
  /** Whether the user knows that the loss is no finite number. */
  let told = false;

  const pass = (own: Pick<Pass, "targets" | "order"> & Partial<Pass>): Promise<Means> =>
    runPass(compiled.device, workspace, {
      profile: session.profile,
      where: "fit",
      data: data.data,
      batchSize,
      signal,
      ...own,
    });

  /** One pass over the rows to train on, in an order of its own, from where an earlier run has left the epoch. */
  const trainEpoch = (epoch: number, done: Pass["done"]): Promise<Means> => {
    const { nextStep, stepTaken } = session;
    const generators = generatorsOf(session);
    const order = training.slice();
    if (shuffle) compiled.random.shuffle(order);
    return pass({
      targets: targets.training,
      order,
      nextStep,
      stepTaken,
      done,
      stop: () => state.stopTraining,
      interval: callbacks.needsBatches ? progressInterval : lossInterval,
      onNonFinite: told
        ? undefined
        : async (lost) => {
            told = true;
            console.warn(await explainNonFinite(session, { epoch, ...lost }));
          },
      onProgress: callbacks.needsBatches
        ? (batches, soFar) =>
            callbacks.onBatchEnd(batches - 1, { ...figures(soFar, compiled.accuracy), steps })
        : undefined,
      snapshots: takersOf(snapshots ? [copies, snapshots] : [copies], { epoch, generators }),
    });
  };

  const runEpoch = async (epoch: number, done: Pass["done"]): Promise<void> => {
    if (!done?.step) await callbacks.onEpochBegin(epoch);
    const logs: Logs = figures(await trainEpoch(epoch, done), compiled.accuracy);
    if (validation.length > 0) {
      const means = await pass({ targets: targets.validation, order: validation });
      Object.assign(logs, figures(means, compiled.accuracy, "val_"));
    }
    await callbacks.onEpochEnd(epoch, logs);
    workspace.assertLive("fit");
    await snapshots?.atEpochEnd(epoch);
    if (recovery.affordable(session)) {
      // Once it is there, no hook of this epoch is called again.
      await copies.atEpochEnd(epoch);
      await copies.settled();
      compiled.device.assertAlive("fit");
    }
    if (verbose > 0) console.log(epochLine(epoch, epochs, logs));
  };

  if (begun) callbacks.checkStates(begun.callbacks);
  callbacks.setModel(session.callbackModel(state));
  await callbacks.onTrainBegin({ epochs, steps });
  const first = begun?.position ?? { epoch: initialEpoch, step: 0 };
  if (begun) {
    if (first.step > 0) await callbacks.onEpochBegin(first.epoch);
    await callbacks.restoreStates(begun.callbacks);
    // Behind the hooks: what these change at an epoch's beginning the snapshot has in it.
    write?.(workspace.carried);
    history.restore(begun.history);
    state.stopTraining = begun.position.stopped;
  }
  try {
    for (let { epoch } = first; epoch < epochs; epoch++) {
      const done = epoch === first.epoch ? begun?.position : undefined;
      // An epoch that was ended in its middle still has its validation before it.
      if (state.stopTraining && !done?.step) break;
      await runEpoch(epoch, done);
    }
    await callbacks.onTrainEnd();
    await snapshots?.finish();
  } finally {
    await snapshots?.settled();
    await copies.settled();
  }
  return history.result;
}

function epochLine(epoch: number, epochs: number, logs: Logs): string {
  const parts = Object.entries(logs).map(([name, value]) => `${name}: ${value.toFixed(4)}`);
  return `Epoch ${epoch + 1}/${epochs} - ${parts.join(" - ")}`;
}

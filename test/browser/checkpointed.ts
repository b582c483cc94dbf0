/** A training in a page that keeps checkpoints in the browser. */
import {
  adam,
  dense,
  earlyStopping,
  embedding,
  sequential,
  simpleRNN,
  type CheckpointStore,
  type Device,
} from "webgpu-rnn";
import { browserCheckpoints, type BrowserCheckpointOptions } from "webgpu-rnn/io";
import { findTheSeven } from "../model/training";

export interface CheckpointedTraining {
  loss: number[];
  weights: number[][];
  iterations: number;
  /** Optimizer steps that the checkpoint had done from which it went on. */
  resumedFrom: number;
}

/**
 * Trains, from the checkpoint where there is one.
 *
 * @param storage where checkpoints are kept; without it none are
 */
export async function checkpointedTraining(
  device: Device,
  storage?: BrowserCheckpointOptions["storage"],
): Promise<CheckpointedTraining> {
  const kept = storage && (await browserCheckpoints("a training", { storage }));
  const store: CheckpointStore | undefined = kept && {
    ...kept,
    async save(snapshot) {
      // The test listens, and kills the browser in the middle of it.
      console.log("saving");
      await kept.save(snapshot);
    },
  };
  const resumedFrom = (await store?.load())?.optimizer.iterations ?? 0;
  const model = sequential([embedding(20, 6), simpleRNN(9), dense(1, { activation: "sigmoid" })]);
  try {
    await model.compile({
      optimizer: adam({ learningRate: 0.01 }),
      loss: "binaryCrossentropy",
      metrics: ["acc"],
      device,
      seed: 3,
      scan: "narrow",
    });
    const { x, y } = findTheSeven(1);
    const { history } = await model.fit(x, y, {
      epochs: 6,
      batchSize: 8,
      validationSplit: 0.2,
      callbacks: [earlyStopping({ patience: 3, restoreBestWeights: true })],
      ...(store ? { checkpoint: { store, everySteps: 2 }, resume: true } : {}),
    });
    const weights = (await model.getWeights()).map(({ data }) => [...data]);
    const { iterations } = await model.getOptimizerState();
    return { loss: history.loss, weights, iterations, resumedFrom };
  } finally {
    model.dispose();
  }
}

/** What a store does with nothing in it, and after `clear`. */
export async function emptyStore(storage: BrowserCheckpointOptions["storage"]): Promise<boolean> {
  const store = await browserCheckpoints("a training", { storage });
  await store.clear();
  await store.clear();
  return (await store.load()) === undefined;
}

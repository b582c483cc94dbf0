/** `fit` without a model: the hooks of callbacks in their order, over figures that are given. */
import { CallbackList, type Callback, type CallbackModel, type Logs } from "../../src/model/callbacks";
import { HistoryRecorder } from "../../src/model/history";
import type { NamedWeight } from "../../src/model/weights";

/** A model whose one weight is the number of epochs trained. */
export class FakeModel implements CallbackModel {
  stopTraining = false;
  learningRate = 0.1;
  trainedEpochs = 0;

  getWeights(): Promise<NamedWeight[]> {
    return Promise.resolve([{ name: "w", shape: [1], data: Float32Array.of(this.trainedEpochs) }]);
  }

  setWeights([weight]: readonly NamedWeight[]): Promise<void> {
    this.trainedEpochs = weight.data[0];
    return Promise.resolve();
  }
}

/** Runs `fit`'s order of hooks over the figures given, `batches` batches an epoch; the epochs run. */
export async function train(
  model: FakeModel,
  callbacks: Callback[],
  epochs: Logs[],
  batches = 1,
): Promise<HistoryRecorder> {
  const recorder = new HistoryRecorder();
  const list = new CallbackList([...callbacks, recorder]);
  model.stopTraining = false;
  list.setModel(model);
  await list.onTrainBegin();
  for (const [epoch, logs] of epochs.entries()) {
    await list.onEpochBegin(epoch);
    for (let batch = 0; batch < batches && !model.stopTraining; batch++)
      await list.onBatchEnd(batch, { ...logs });
    model.trainedEpochs++;
    await list.onEpochEnd(epoch, { ...logs });
    if (model.stopTraining) break;
  }
  await list.onTrainEnd();
  return recorder;
}

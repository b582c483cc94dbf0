import { adam, dense, embedding, gru, lstm, rmsprop, sgd, simpleRNN, type Layer } from "webgpu-rnn";
import type { WorkerDevice, WorkerEngine, WorkerModel } from "webgpu-rnn/worker";
import type { Weight } from "./net";
import type { Loaded } from "./reader.worker";
import type { Settings } from "./settings";
import type { LoadedText } from "./text-data";
import { Trainer, type EpochMeans, type OptimizerState, type Progress } from "./trainer";
import type { WriteSettings } from "./write-settings";

/** What the reviews say that are not learnt. */
export interface Validation {
  val_loss: number;
  val_acc: number;
}

export type EpochFigures = EpochMeans & Validation;

/** A training in its middle. */
export interface Standing {
  weights: Weight[];
  optimizer: OptimizerState;
  progress: Progress;
}

/** Where a net is trained. */
interface Place {
  engine: WorkerEngine;
  device: WorkerDevice;
}

const optimizers = { rmsprop, adam, sgd };
const cells = { gru, lstm, simpleRNN };

/** The training of a net that reads reviews; with weights and progress it goes on from there. */
export async function readingCourse(
  { engine, device }: Place,
  settings: Settings,
  data: Loaded,
  from?: Standing,
): Promise<Trainer<Validation>> {
  const { units, activation, maxlen, optimizer, learningRate, batchSize, epochs, seed } = settings;
  const layers = [
    embedding(data.vocabularySize, settings.embedding),
    simpleRNN(units, { activation }),
    dense(1, { activation: "sigmoid" }),
  ];
  const model = await made(engine, layers, maxlen);
  await model.compile({
    optimizer: optimizers[optimizer]({ learningRate }),
    loss: "binaryCrossentropy",
    metrics: ["acc"],
    seed,
    device,
  });
  const { trainX: x, trainY: y, validX, validY } = data;
  const validate = async (): Promise<Validation> => {
    const rows = { data: validX, shape: [validY.length, maxlen] };
    const { loss, acc } = await model.evaluate(rows, validY, { batchSize: 256 });
    return { val_loss: loss, val_acc: acc };
  };
  const course = { x, y, rows: y.length, steps: maxlen, batchSize, epochs, seed, validate };
  return taughtOn(model, new Trainer(model, course, from?.progress), from);
}

/** The training of a net that foretells, after each character, the next. */
export async function writingCourse(
  { engine, device }: Place,
  settings: WriteSettings,
  { x, y, rows, tokenizer }: LoadedText,
  from?: Standing,
): Promise<Trainer<object>> {
  const { cell, units, length: steps, learningRate, batchSize, epochs, seed } = settings;
  // Padding and what is unknown have numbers of their own.
  const vocabulary = tokenizer.vocabulary.length + 2;
  const layers = [
    embedding(vocabulary, settings.embedding),
    cells[cell](units, { returnSequences: true }),
    dense(vocabulary, { activation: "softmax" }),
  ];
  const model = await made(engine, layers, steps);
  const optimizer = adam({ learningRate });
  await model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["acc"], seed, device });
  const validate = () => Promise.resolve({});
  const course = { x, y, rows, steps, batchSize, epochs, seed, validate };
  return taughtOn(model, new Trainer(model, course, from?.progress), from);
}

async function made(engine: WorkerEngine, layers: Layer[], steps: number): Promise<WorkerModel> {
  const model = await engine.sequential(layers);
  return model.build([null, steps]);
}

async function taughtOn<Trained>(model: WorkerModel, trainer: Trained, from?: Standing): Promise<Trained> {
  if (from) {
    await model.setWeights(from.weights);
    await model.setOptimizerState(from.optimizer);
  }
  return trainer;
}

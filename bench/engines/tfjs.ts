import * as tf from "@tensorflow/tfjs-core";
import { layers, sequential, type LayersModel } from "@tensorflow/tfjs-layers";
import { rmspropSettings, rowsOf, type Cell, type Job, type JobMatrix } from "../job";
import type { Contestant, Engine } from "./engine";

/** What a TF.js backend needs beside its name. */
export interface TfjsBackend {
  name: "webgpu" | "wasm";
  /** Whether it has all kernels that a training step needs. */
  trains: boolean;
}

/**
 * TF.js's layers on one of its backends. Whatever TF.js and Keras 3 disagree on is set: the weights (so
 * that no initializer matters), masking, the gates' sigmoid, and RMSprop's settings. Uncentered, its RMSprop has epsilon inside
 * the root, as Keras's has. Its work does not depend on how long the reviews are: it runs through the padding.
 */
export function tfjs({ name, trains }: TfjsBackend): Engine {
  return {
    async open(job) {
      await activate(name);
      const model = makeModel(job);
      const { learningRate, rho, momentum, epsilon } = rmspropSettings;
      const optimizer = tf.train.rmsprop(learningRate, rho, momentum, epsilon, false);
      model.compile({ optimizer, loss: "binaryCrossentropy" });
      return contestant(name, model, optimizer, job, trains);
    },
  };
}

async function activate(name: string): Promise<void> {
  if (tf.getBackend() !== name && !(await tf.setBackend(name))) {
    throw new Error(`TF.js: expected its backend "${name}" to start, got nothing`);
  }
  await tf.ready();
}

type RecurrentArguments = Parameters<typeof layers.simpleRNN>[0];
type RecurrentLayer = ReturnType<typeof layers.simpleRNN | typeof layers.lstm>;

/** TF.js's gates have a hard sigmoid unless told otherwise. */
const recurrent: Record<Cell, (args: RecurrentArguments) => RecurrentLayer> = {
  simpleRnn: (args) => layers.simpleRNN(args),
  lstm: (args) => layers.lstm({ ...args, recurrentActivation: "sigmoid" }),
  gru: () => {
    throw new Error(
      "TF.js: expected a GRU that applies the reset gate after the product, as Keras 3's; it has none",
    );
  },
};

function makeModel(job: Job): LayersModel {
  // TF.js draws orthogonal matrices with a QR decomposition that takes longer than everything else.
  const zeros = { kernelInitializer: "zeros", recurrentInitializer: "zeros" } as const;
  const model = sequential({
    layers: [
      layers.embedding({
        inputDim: job.vocabulary,
        outputDim: job.width,
        inputLength: job.steps,
        embeddingsInitializer: "zeros",
        maskZero: false,
      }),
      recurrent[job.cell]({ units: job.units, activation: "tanh", useBias: true, ...zeros }),
      layers.dense({ units: 1, activation: "sigmoid", useBias: true, kernelInitializer: "zeros" }),
    ],
  });
  const shapes = model.getWeights().map(({ shape }) => shape);
  const values = job.weights.map((values, i) => tf.tensor(values, shapes[i]));
  model.setWeights(values);
  tf.dispose(values);
  return model;
}

function contestant(
  backend: TfjsBackend["name"],
  model: LayersModel,
  optimizer: tf.Optimizer,
  job: Job,
  trains: boolean,
): Contestant {
  const { batchSize, batches } = job;

  async function predict(x: JobMatrix, size: number): Promise<Float32Array> {
    await activate(backend);
    const input = tf.tensor2d(x.data, x.shape, "int32");
    const output = model.predict(input, { batchSize: size }) as tf.Tensor;
    const values = (await output.data()) as Float32Array;
    tf.dispose([input, output]);
    return values;
  }

  async function fit(first: number, count: number): Promise<number> {
    await activate(backend);
    const { x, y } = rowsOf(job, first * batchSize, count * batchSize);
    const inputs = tf.tensor2d(x.data, x.shape, "int32");
    const labels = tf.tensor2d(y, [y.length, 1]);
    const { history } = await model.fit(inputs, labels, {
      batchSize,
      epochs: 1,
      shuffle: false,
      verbose: 0,
      yieldEvery: "never",
    });
    tf.dispose([inputs, labels]);
    return history.loss[0] as number;
  }

  let next = 0;
  const training: Pick<Contestant, "step" | "train"> = {
    step: (batch) => fit(batch, 1),
    async train(steps) {
      const count = Math.min(Math.max(1, steps), batches);
      const first = next + count <= batches ? next : 0;
      next = first + count;
      await fit(first, count);
      return count;
    },
  };

  return {
    device: (tf.backend() as { device?: GPUDevice }).device,
    probabilities: () => predict(rowsOf(job, 0, batchSize).x, batchSize),
    ...(trains ? training : {}),
    async forward(wanted) {
      const count = Math.min(Math.max(1, wanted), batches);
      await predict(rowsOf(job, 0, count * batchSize).x, batchSize);
      return count;
    },
    async single(reviews) {
      const count = Math.max(1, reviews);
      for (let i = 0; i < count; i++) await predict(rowsOf(job, i % batchSize, 1).x, 1);
      return count;
    },
    dispose: () => {
      model.dispose();
      optimizer.dispose();
    },
  };
}

import {
  blockUntilReady,
  defaultDevice,
  getWebGPUDevice,
  init,
  jit,
  nn,
  numpy as np,
  tree,
  valueAndGrad,
  type OwnedFunction,
} from "@jax-js/jax";
import { rmspropSettings, rowsOf, type Job, type JobMatrix } from "../job";
import { inWholeRounds, type Contestant, type Engine } from "./engine";

type Weights = np.Array[];
type Step = OwnedFunction<
  (w: Weights, v: Weights, x: np.Array, one: np.Array, y: np.Array) => [Weights, Weights, np.Array]
>;
type Forward = OwnedFunction<(w: Weights, x: np.Array, one: np.Array) => np.Array>;

/** jax-js on WebGPU. It has no loop primitive: the time loop is unrolled into the traced program. */
export const jaxJs: Engine = {
  async open(job) {
    const devices = await init("webgpu");
    if (!devices.includes("webgpu")) throw new Error("jax-js: expected its WebGPU device, got none");
    defaultDevice("webgpu");
    return new JaxContestant(job);
  },
};

/**
 * [T·B] token ids to [B] logits. Takes over its arguments, as every function of jax-js does. Its
 * `jit` refuses gradients of `take` next to a reshape or transpose: so the ids come flat, and the embeddings are
 * multiplied by `one`.
 */
function logits(weights: Weights, x: np.Array, one: np.Array, steps: number): np.Array {
  const [embeddings, kernel, recurrentKernel, bias, denseKernel, denseBias] = weights;
  const projected = np.dot(np.take(embeddings, x, 0).mul(one), kernel).add(bias);
  let h: np.Array | undefined;
  for (const z of np.split(projected, steps, 0)) {
    h = np.tanh(h ? z.add(np.dot(h, recurrentKernel.ref)) : z);
  }
  recurrentKernel.dispose();
  return np.dot(h!, denseKernel).add(denseBias).reshape([-1]);
}

/** Mean binary cross-entropy from logits z: softplus(z) - y·z. */
function meanLoss(weights: Weights, x: np.Array, one: np.Array, y: np.Array, steps: number): np.Array {
  const z = logits(weights, x, one, steps);
  return np.mean(nn.softplus(z.ref).sub(y.mul(z)));
}

function trainingStep(steps: number) {
  const { learningRate, rho, epsilon } = rmspropSettings;
  const lossOf = (w: Weights, x: np.Array, one: np.Array, y: np.Array): np.Array =>
    meanLoss(w, x, one, y, steps);
  return (weights: Weights, velocities: Weights, x: np.Array, one: np.Array, y: np.Array) => {
    const copies = weights.map((w) => w.ref);
    const [loss, gradients] = valueAndGrad(lossOf)(copies, x, one, y) as [np.Array, Weights];
    const updated = velocities.map((v, i) => v.mul(rho).add(np.square(gradients[i].ref).mul(1 - rho)));
    const next = weights.map((w, i) =>
      w.sub(gradients[i].mul(learningRate).div(np.sqrt(updated[i].ref.add(epsilon)))),
    );
    return [next, updated, loss] as [Weights, Weights, np.Array];
  };
}

class JaxContestant implements Contestant {
  readonly device = getWebGPUDevice();
  readonly #job: Job;
  readonly #step: Step;
  readonly #forward: Forward;
  #weights: Weights;
  #velocities: Weights;

  constructor(job: Job) {
    const { vocabulary: V, width: E, units: U } = job;
    const shapes = [[V, E], [E, U], [U, U], [U], [U, 1], [1]];
    this.#job = job;
    this.#step = jit(trainingStep(job.steps));
    this.#forward = jit((w: Weights, x: np.Array, one: np.Array) => nn.sigmoid(logits(w, x, one, job.steps)));
    this.#weights = job.weights.map((data, i) =>
      np.array(data as Float32Array<ArrayBuffer>).reshape(shapes[i]),
    );
    this.#velocities = shapes.map((shape) => np.zeros(shape));
  }

  probabilities(): Promise<Float32Array> {
    return this.#predict(rowsOf(this.#job, 0, this.#job.batchSize).x);
  }

  async step(batch: number): Promise<number> {
    return (await floats(this.#enqueue(batch)))[0];
  }

  async train(steps: number): Promise<number> {
    const count = Math.max(1, steps);
    for (let i = 0; i < count; i++) this.#enqueue(i % this.#job.batches).dispose();
    await blockUntilReady(this.#weights);
    return count;
  }

  forward(batches: number): Promise<number> {
    const { batchSize } = this.#job;
    return inWholeRounds(batches, 1, () => this.#predict(rowsOf(this.#job, 0, batchSize).x));
  }

  single(reviews: number): Promise<number> {
    return inWholeRounds(reviews, 1, () => this.#predict(rowsOf(this.#job, 0, 1).x));
  }

  dispose(): void {
    tree.dispose([this.#weights, this.#velocities]);
    this.#step.dispose();
    this.#forward.dispose();
  }

  #enqueue(batch: number): np.Array {
    const { batchSize } = this.#job;
    const { x, y } = rowsOf(this.#job, batch * batchSize, batchSize);
    const labels = np.array(y.slice());
    const [weights, velocities, loss] = this.#step(
      this.#weights,
      this.#velocities,
      timeFirst(x),
      np.array([1]),
      labels,
    );
    this.#weights = weights;
    this.#velocities = velocities;
    return loss;
  }

  #predict(x: JobMatrix): Promise<Float32Array> {
    const weights = this.#weights.map((w) => w.ref);
    return floats(this.#forward(weights, timeFirst(x), np.array([1])));
  }
}

/** Reads an array back, and gives it up. */
async function floats(array: np.Array): Promise<Float32Array> {
  return (await array.data()) as Float32Array;
}

/** [B, T] as [T·B]: what belongs to one time step lies together. */
function timeFirst({ data, shape: [rows, steps] }: JobMatrix): np.Array {
  const turned = new Int32Array(rows * steps);
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < steps; t++) turned[t * rows + row] = data[row * steps + t];
  }
  return np.array(turned);
}

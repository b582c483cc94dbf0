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
type Step = OwnedFunction<(w: Weights, v: Weights, x: np.Array, y: np.Array) => [Weights, Weights, np.Array]>;
type Forward = OwnedFunction<(w: Weights, x: np.Array) => np.Array>;

/** jax-js on WebGPU. It has no loop primitive: the time loop is unrolled into the traced program. */
export const jaxJs: Engine = {
  async open(job) {
    const devices = await init("webgpu");
    if (!devices.includes("webgpu")) throw new Error("jax-js: expected its WebGPU device, got none");
    defaultDevice("webgpu");
    return new JaxContestant(job);
  },
};

/** [T, B] token ids to [B] logits. Takes over its arguments, as every function of jax-js does. */
function logits([embeddings, kernel, recurrentKernel, bias, denseKernel, denseBias]: Weights, x: np.Array) {
  const projected = np.dot(np.take(embeddings, x, 0), kernel).add(bias);
  let h: np.Array | undefined;
  for (const z of np.unstack(projected, 0)) {
    h = np.tanh(h ? z.add(np.dot(h, recurrentKernel.ref)) : z);
  }
  recurrentKernel.dispose();
  return np.dot(h!, denseKernel).add(denseBias).reshape([-1]);
}

/** Mean binary cross-entropy from logits z: softplus(z) - y·z. */
function meanLoss(weights: Weights, x: np.Array, y: np.Array): np.Array {
  const z = logits(weights, x);
  return np.mean(nn.softplus(z.ref).sub(y.mul(z)));
}

function trainingStep(weights: Weights, velocities: Weights, x: np.Array, y: np.Array) {
  const { learningRate, rho, epsilon } = rmspropSettings;
  const [loss, gradients] = valueAndGrad(meanLoss)(weights.map((w) => w.ref), x, y) as [np.Array, Weights];
  const updated = velocities.map((v, i) => v.mul(rho).add(np.square(gradients[i].ref).mul(1 - rho)));
  const next = weights.map((w, i) =>
    w.sub(gradients[i].mul(learningRate).div(np.sqrt(updated[i].ref.add(epsilon)))),
  );
  return [next, updated, loss] as [Weights, Weights, np.Array];
}

class JaxContestant implements Contestant {
  readonly device = getWebGPUDevice();
  readonly #job: Job;
  readonly #step: Step = jit(trainingStep) as unknown as Step;
  readonly #forward: Forward = jit((w: Weights, x: np.Array) => nn.sigmoid(logits(w, x))) as unknown as Forward;
  #weights: Weights;
  #velocities: Weights;

  constructor(job: Job) {
    const { vocabulary: V, width: E, units: U } = job;
    const shapes = [[V, E], [E, U], [U, U], [U], [U, 1], [1]];
    this.#job = job;
    this.#weights = job.weights.map((data, i) => np.array(data as Float32Array<ArrayBuffer>).reshape(shapes[i]));
    this.#velocities = shapes.map((shape) => np.zeros(shape));
  }

  probabilities(): Promise<Float32Array> {
    return this.#predict(rowsOf(this.#job, 0, this.#job.batchSize).x);
  }

  async step(batch: number): Promise<number> {
    return (await this.#enqueue(batch).data())[0];
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
    const [weights, velocities, loss] = this.#step(this.#weights, this.#velocities, timeFirst(x), labels);
    this.#weights = weights;
    this.#velocities = velocities;
    return loss;
  }

  async #predict(x: JobMatrix): Promise<Float32Array> {
    const weights = this.#weights.map((w) => w.ref);
    return (await this.#forward(weights, timeFirst(x)).data()) as Float32Array;
  }
}

/** [B, T] as [T, B]: the loop takes whole rows of it. */
function timeFirst({ data, shape: [rows, steps] }: JobMatrix): np.Array {
  const turned = new Int32Array(rows * steps);
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < steps; t++) turned[t * rows + row] = data[row * steps + t];
  }
  return np.array(turned).reshape([steps, rows]);
}

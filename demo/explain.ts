/**
 * What a net of an embedding, a SimpleRNN and one sigmoid unit does with a review, step by step, on the processor
 * and in double precision: small enough for one review, and a second opinion on what the GPU says.
 */

/** A net's weights, in Keras's layout, with what its layers need besides. */
export interface Net {
  /** V, E, U. */
  vocabularySize: number;
  width: number;
  units: number;
  activation: "tanh" | "relu" | "sigmoid" | "linear";
  /** Token 0 leaves the state as it is. */
  maskZero: boolean;
  /** (V, E) */
  embeddings: Float32Array;
  /** (E, U) */
  kernel: Float32Array;
  /** (U, U) */
  recurrentKernel: Float32Array;
  /** (U) */
  bias: Float32Array;
  /** (U) */
  denseKernel: Float32Array;
  denseBias: number;
}

/** A review as the net reads it; T is its length with padding. */
export interface Reading {
  /** (T) probability that the review is positive, had it ended here. */
  probabilities: Float32Array;
  /** (T, U) the state after each step. */
  states: Float32Array;
  /** (T) gradient of the final logit by the step's embedding, times the embedding: signed influence on the score. */
  influence: Float32Array;
  /** (T) length of that gradient. */
  gradients: Float32Array;
}

/** The function and, by its result, its derivative. */
const activations = {
  tanh: { apply: Math.tanh, derivative: (h: number) => 1 - h * h },
  relu: { apply: (z: number) => Math.max(z, 0), derivative: (h: number) => (h > 0 ? 1 : 0) },
  sigmoid: { apply: sigmoid, derivative: (h: number) => h * (1 - h) },
  linear: { apply: (z: number) => z, derivative: () => 1 },
};

export function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

/** Reads a row of token ids: forward, then backward from the last logit. */
export function read(net: Net, ids: ArrayLike<number>): Reading {
  const states = forward(net, ids);
  const { units } = net;
  const probabilities = new Float32Array(ids.length);
  for (let t = 0; t < ids.length; t++) {
    probabilities[t] = sigmoid(logitOf(net, states.subarray(t * units, (t + 1) * units)));
  }
  return { probabilities, states: Float32Array.from(states), ...backward(net, ids, states) };
}

function logitOf(net: Net, state: Float64Array): number {
  let logit = net.denseBias;
  for (let u = 0; u < net.units; u++) logit += state[u] * net.denseKernel[u];
  return logit;
}

/** h_t = act(x_t·kernel + bias + h_{t-1}·recurrentKernel), h_{-1} = 0. */
function forward(net: Net, ids: ArrayLike<number>): Float64Array {
  const { units, width, kernel, recurrentKernel, bias, embeddings } = net;
  const { apply } = activations[net.activation];
  const states = new Float64Array(ids.length * units);
  let previous = new Float64Array(units);
  for (let t = 0; t < ids.length; t++) {
    const state = states.subarray(t * units, (t + 1) * units);
    if (net.maskZero && ids[t] === 0) {
      state.set(previous);
    } else {
      state.set(bias);
      for (let e = 0; e < width; e++) addRow(state, embeddings[ids[t] * width + e], kernel, e * units);
      for (let u = 0; u < units; u++) addRow(state, previous[u], recurrentKernel, u * units);
      for (let u = 0; u < units; u++) state[u] = apply(state[u]);
    }
    previous = state;
  }
  return states;
}

function addRow(sum: Float64Array, factor: number, matrix: Float32Array, at: number): void {
  if (factor === 0) return;
  for (let u = 0; u < sum.length; u++) sum[u] += factor * matrix[at + u];
}

function backward(net: Net, ids: ArrayLike<number>, states: Float64Array) {
  const { units, width, kernel, recurrentKernel, embeddings } = net;
  const { derivative } = activations[net.activation];
  const influence = new Float32Array(ids.length);
  const gradients = new Float32Array(ids.length);
  let dh = Float64Array.from(net.denseKernel);
  const dz = new Float64Array(units);
  for (let t = ids.length - 1; t >= 0; t--) {
    if (net.maskZero && ids[t] === 0) continue;
    for (let u = 0; u < units; u++) dz[u] = dh[u] * derivative(states[t * units + u]);
    let squares = 0;
    for (let e = 0; e < width; e++) {
      const dx = dot(dz, kernel, e * units);
      influence[t] += dx * embeddings[ids[t] * width + e];
      squares += dx * dx;
    }
    gradients[t] = Math.sqrt(squares);
    dh = dh.map((_, u) => dot(dz, recurrentKernel, u * units));
  }
  return { influence, gradients };
}

function dot(vector: Float64Array, matrix: Float32Array, at: number): number {
  let sum = 0;
  for (let u = 0; u < vector.length; u++) sum += vector[u] * matrix[at + u];
  return sum;
}

/**
 * How far back the score depends on what was read: for k = 0, 1, … the mean length of the gradient of the logit by
 * the embedding k words before the end, over the reviews that are longer than k words.
 *
 * @param rows token ids of reviews, padding included
 */
export function memory(net: Net, rows: readonly ArrayLike<number>[]): Float32Array {
  const sums: number[] = [];
  const counts: number[] = [];
  for (const ids of rows) {
    const { gradients } = backward(net, ids, forward(net, ids));
    for (let k = 0; k < ids.length && ids[ids.length - 1 - k] !== 0; k++) {
      sums[k] = (sums[k] ?? 0) + gradients[ids.length - 1 - k];
      counts[k] = (counts[k] ?? 0) + 1;
    }
  }
  // A mean over a handful of the longest reviews would be noise.
  const enough = counts.filter((count) => count >= Math.min(8, rows.length)).length;
  return Float32Array.from({ length: enough }, (_, k) => sums[k] / counts[k]);
}

/** The words whose embeddings point most nearly the same way as that of `id`, by cosine, best first. */
export function neighbours(net: Net, id: number, count: number): { id: number; cosine: number }[] {
  const { embeddings, width, vocabularySize } = net;
  const lengths = Float64Array.from({ length: vocabularySize }, (_, v) => {
    let squares = 0;
    for (let e = 0; e < width; e++) squares += embeddings[v * width + e] ** 2;
    return Math.sqrt(squares);
  });
  const found: { id: number; cosine: number }[] = [];
  for (let v = 0; v < vocabularySize; v++) {
    if (v === id || lengths[v] === 0) continue;
    let product = 0;
    for (let e = 0; e < width; e++) product += embeddings[v * width + e] * embeddings[id * width + e];
    found.push({ id: v, cosine: product / (lengths[v] * lengths[id]) });
  }
  return found.sort((a, b) => b.cosine - a.cosine).slice(0, count);
}

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
  /** (T) what each step adds to the final logit, against padding in its place. */
  influence: Float32Array;
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

/** Points at which the gradient is taken on the way from padding to the review. */
const pathPoints = 24;

/** Reads a row of token ids: forward, then backward from the last logit. */
export function read(net: Net, ids: ArrayLike<number>): Reading {
  const { units } = net;
  const states = forward(net, ids, embed(net, ids, 1));
  const probabilities = new Float32Array(ids.length);
  for (let t = 0; t < ids.length; t++) {
    probabilities[t] = sigmoid(logitOf(net, states.subarray(t * units, (t + 1) * units)));
  }
  return { probabilities, states: Float32Array.from(states), influence: influence(net, ids) };
}

/**
 * Each step's share in the final logit: the gradient of the logit by the step's embedding, averaged on the straight
 * way from padding to the review, times how far the embedding is from padding's. The shares add up to the logit
 * less that of an empty review, which the plain gradient at the end of the way would not do: a saturated unit has
 * none.
 *
 * @see Sundararajan, Taly and Yan, Axiomatic attribution for deep networks, 2017 (integrated gradients)
 */
function influence(net: Net, ids: ArrayLike<number>): Float32Array {
  const { width, embeddings } = net;
  const shares = new Float64Array(ids.length);
  for (let point = 0; point < pathPoints; point++) {
    const inputs = embed(net, ids, (point + 0.5) / pathPoints);
    const gradients = backward(net, ids, forward(net, ids, inputs));
    for (let t = 0; t < ids.length; t++) {
      for (let e = 0; e < width; e++) {
        const way = embeddings[ids[t] * width + e] - embeddings[e];
        shares[t] += (gradients[t * width + e] * way) / pathPoints;
      }
    }
  }
  return Float32Array.from(shares);
}

/** (T, E) embeddings, `part` of the way from padding's. */
function embed({ width, embeddings }: Net, ids: ArrayLike<number>, part: number): Float64Array {
  const inputs = new Float64Array(ids.length * width);
  for (let t = 0; t < ids.length; t++) {
    for (let e = 0; e < width; e++) {
      inputs[t * width + e] = embeddings[e] + part * (embeddings[ids[t] * width + e] - embeddings[e]);
    }
  }
  return inputs;
}

function logitOf(net: Net, state: Float64Array): number {
  let logit = net.denseBias;
  for (let u = 0; u < net.units; u++) logit += state[u] * net.denseKernel[u];
  return logit;
}

/** (T, U): h_t = act(x_t·kernel + bias + h_{t-1}·recurrentKernel), h_{-1} = 0. */
function forward(net: Net, ids: ArrayLike<number>, inputs: Float64Array): Float64Array {
  const { units, width, kernel, recurrentKernel, bias } = net;
  const { apply } = activations[net.activation];
  const states = new Float64Array(ids.length * units);
  let previous = new Float64Array(units);
  for (let t = 0; t < ids.length; t++) {
    const state = states.subarray(t * units, (t + 1) * units);
    if (net.maskZero && ids[t] === 0) {
      state.set(previous);
    } else {
      state.set(bias);
      for (let e = 0; e < width; e++) addRow(state, inputs[t * width + e], kernel, e * units);
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

/** (T, E): the gradient of the last logit by each step's embedding. */
function backward(net: Net, ids: ArrayLike<number>, states: Float64Array): Float64Array {
  const { units, width, kernel, recurrentKernel } = net;
  const { derivative } = activations[net.activation];
  const gradients = new Float64Array(ids.length * width);
  let dh = Float64Array.from(net.denseKernel);
  const dz = new Float64Array(units);
  for (let t = ids.length - 1; t >= 0; t--) {
    if (net.maskZero && ids[t] === 0) continue;
    for (let u = 0; u < units; u++) dz[u] = dh[u] * derivative(states[t * units + u]);
    for (let e = 0; e < width; e++) gradients[t * width + e] = dot(dz, kernel, e * units);
    dh = dh.map((_, u) => dot(dz, recurrentKernel, u * units));
  }
  return gradients;
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
    const gradients = backward(net, ids, forward(net, ids, embed(net, ids, 1)));
    for (let k = 0; k < ids.length && ids[ids.length - 1 - k] !== 0; k++) {
      const at = (ids.length - 1 - k) * net.width;
      sums[k] = (sums[k] ?? 0) + Math.hypot(...gradients.subarray(at, at + net.width));
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

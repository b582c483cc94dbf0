/** Element-wise activations in float64, and their derivatives as functions of the output. */

export type PointwiseActivation = "linear" | "tanh" | "relu" | "sigmoid";

/** act(z). */
export function activate(name: PointwiseActivation, z: number): number {
  switch (name) {
    case "linear":
      return z;
    case "tanh":
      return Math.tanh(z);
    case "relu":
      return Math.max(0, z);
    case "sigmoid":
      return sigmoid(z);
  }
}

/** act'(z), given h = act(z). */
export function derivativeFromOutput(name: PointwiseActivation, h: number): number {
  switch (name) {
    case "linear":
      return 1;
    case "tanh":
      return 1 - h * h;
    case "relu":
      return h > 0 ? 1 : 0;
    case "sigmoid":
      return h * (1 - h);
  }
}

/** 1 / (1 + exp(-z)), without overflow on either side. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

/** Softmax of each row of `logits` [rows][classes]. */
export function softmax(logits: ArrayLike<number>, classes: number): Float64Array {
  const output = Float64Array.from(logits);
  for (let begin = 0; begin < output.length; begin += classes) {
    const row = output.subarray(begin, begin + classes);
    const largest = row.reduce((max, z) => Math.max(max, z), -Infinity);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      row[c] = Math.exp(row[c] - largest);
      sum += row[c];
    }
    for (let c = 0; c < classes; c++) row[c] /= sum;
  }
  return output;
}

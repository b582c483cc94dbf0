/** A net of an embedding, a SimpleRNN and one sigmoid unit, with a batch. */
export interface SmallNet {
  vocabulary: number;
  width: number;
  units: number;
  steps: number;
  /** [samples][steps] */
  tokens: readonly (readonly number[])[];
  /** 0 or 1, one per sample. */
  labels: readonly number[];
}

/** Of the order of the cube root of float64's precision: there truncation and rounding cost equally little. */
const half = 1e-5;

/**
 * The gradients of the mean binary cross-entropy by the weights, in plain loops and float64: by central differences,
 * so that nothing of what the kernels do backward stands here once more.
 *
 *     dw = (loss(w + ε) - loss(w - ε)) / 2ε
 *
 * @param weights embeddings, kernel, recurrentKernel, bias, w, b, in row-major order
 */
export function expectedGradients(net: SmallNet, weights: readonly ArrayLike<number>[]): number[][] {
  const moved = weights.map((values) => Array.from(values));
  return moved.map((values) =>
    Array.from(values, (value, i) => {
      const lossAt = (changed: number): number => {
        values[i] = changed;
        return lossOf(net, moved);
      };
      const difference = lossAt(value + half) - lossAt(value - half);
      values[i] = value;
      return difference / (2 * half);
    }),
  );
}

/** With h_t = tanh(e_t·kernel + bias + h_{t-1}·recurrentKernel) and the logit h_T·w + b. */
function lossOf(
  { width: E, units: U, tokens, labels }: SmallNet,
  [embeddings, kernel, recurrentKernel, bias, w, b]: readonly number[][],
): number {
  const losses = tokens.map((row, sample) => {
    let h = new Array<number>(U).fill(0);
    for (const token of row) {
      h = h.map((_, u) => {
        let z = bias[u];
        for (let e = 0; e < E; e++) z += embeddings[token * E + e] * kernel[e * U + u];
        for (let k = 0; k < U; k++) z += h[k] * recurrentKernel[k * U + u];
        return Math.tanh(z);
      });
    }
    const logit = h.reduce((sum, value, u) => sum + value * w[u], b[0]);
    return Math.log(1 + Math.exp(logit)) - labels[sample] * logit;
  });
  return losses.reduce((sum, loss) => sum + loss) / losses.length;
}

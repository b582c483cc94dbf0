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

/**
 * The gradients of the mean binary cross-entropy by the weights, in plain loops and float64:
 *
 *     h_t = tanh(e_t·kernel + bias + h_{t-1}·recurrentKernel),   p = sigmoid(h_T·w + b)
 *     d logit = (p - y) / samples,   dz_t = dh_t (1 - h_t²),   dh_{t-1} = dz_t·recurrentKernelᵀ
 *
 * @param weights embeddings, kernel, recurrentKernel, bias, w, b, in row-major order
 */
export function expectedGradients(net: SmallNet, weights: readonly ArrayLike<number>[]): number[][] {
  const { width: E, units: U, steps: T } = net;
  const [embeddings, kernel, recurrentKernel, bias, w, b] = weights;
  const gradients = weights.map(({ length }) => new Array<number>(length).fill(0));
  const [dEmbeddings, dKernel, dRecurrentKernel, dBias, dW, dB] = gradients;
  const each = (count: number, run: (i: number) => void): void => {
    for (let i = 0; i < count; i++) run(i);
  };
  net.tokens.forEach((row, sample) => {
    const h: number[][] = [new Array<number>(U).fill(0)];
    each(T, (t) => {
      const next = Array.from({ length: U }, (_, u) => {
        let z = bias[u];
        each(E, (e) => (z += embeddings[row[t] * E + e] * kernel[e * U + u]));
        each(U, (k) => (z += h[t][k] * recurrentKernel[k * U + u]));
        return Math.tanh(z);
      });
      h.push(next);
    });
    const logit = h[T].reduce((sum, value, u) => sum + value * w[u], b[0]);
    const d = (1 / (1 + Math.exp(-logit)) - net.labels[sample]) / net.tokens.length;
    dB[0] += d;
    each(U, (u) => (dW[u] += d * h[T][u]));
    let dh = Array.from({ length: U }, (_, u) => d * w[u]);
    for (let t = T - 1; t >= 0; t--) {
      const dz = dh.map((value, u) => value * (1 - h[t + 1][u] ** 2));
      each(U, (u) => {
        dBias[u] += dz[u];
        each(U, (k) => (dRecurrentKernel[k * U + u] += h[t][k] * dz[u]));
        each(E, (e) => {
          dKernel[e * U + u] += embeddings[row[t] * E + e] * dz[u];
          dEmbeddings[row[t] * E + e] += dz[u] * kernel[e * U + u];
        });
      });
      dh = h[t].map((_, k) => dz.reduce((sum, value, u) => sum + value * recurrentKernel[k * U + u], 0));
    }
  });
  return gradients;
}

import type { LayerDescription, RegularizerDescription } from "../support/layers";

/** What the weights of a layer add to the loss, in their order. */
export function regularizersOf(layer: LayerDescription): (RegularizerDescription | undefined)[] {
  switch (layer.type) {
    case "embedding":
      return [layer.embeddingsRegularizer];
    case "simpleRNN":
    case "lstm":
    case "gru":
      return [
        layer.kernelRegularizer,
        layer.recurrentRegularizer,
        ...(layer.useBias ? [layer.biasRegularizer] : []),
      ];
    case "bidirectional":
      return [...regularizersOf(layer.layer), ...regularizersOf(layer.layer)];
    case "dense":
    case "conv1d":
      return [layer.kernelRegularizer, ...(layer.useBias ? [layer.biasRegularizer] : [])];
    case "timeDistributed":
      return regularizersOf(layer.layer);
    default:
      return [];
  }
}

/** Σ l1·|w| + l2·w², and its derivative l1·sign(w) + 2·l2·w. */
export function weightPenalty(
  weight: ArrayLike<number>,
  { l1, l2 }: RegularizerDescription,
): { loss: number; gradient: Float64Array } {
  let loss = 0;
  const gradient = Float64Array.from(weight, (w) => {
    loss += l1 * Math.abs(w) + l2 * w * w;
    return l1 * Math.sign(w) + 2 * l2 * w;
  });
  return { loss, gradient };
}

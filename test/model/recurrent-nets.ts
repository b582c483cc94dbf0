/** Layers of test nets, short to write. */
import type {
  BidirectionalDescription,
  DenseDescription,
  EmbeddingDescription,
  MaskingDescription,
  RecurrentDescription,
} from "../support/layers";

export const table = (inputDim: number, outputDim: number, maskZero = false): EmbeddingDescription => ({
  type: "embedding",
  name: "embedding",
  inputDim,
  outputDim,
  maskZero,
});

/** A recurrent layer with Keras's defaults. */
export const recurrent = (
  type: RecurrentDescription["type"],
  units: number,
  options: Partial<RecurrentDescription> = {},
): RecurrentDescription => ({
  type,
  name: `${type.toLowerCase()}_${units}`,
  units,
  activation: "tanh",
  ...(type === "simpleRNN" ? {} : { recurrentActivation: "sigmoid" }),
  ...(type === "gru" ? { resetAfter: true } : {}),
  useBias: true,
  returnSequences: false,
  goBackwards: false,
  ...options,
});

export const both = (
  layer: RecurrentDescription,
  mergeMode: BidirectionalDescription["mergeMode"] = "concat",
): BidirectionalDescription => ({ type: "bidirectional", name: `both_${layer.name}`, mergeMode, layer });

export const full = (units: number, activation: DenseDescription["activation"]): DenseDescription => ({
  type: "dense",
  name: `dense_${units}`,
  units,
  activation,
  useBias: true,
});

export const masking = (maskValue: number): MaskingDescription => ({
  type: "masking",
  name: "masking",
  maskValue,
});

export const sequences = { returnSequences: true } as const;
export const head = full(1, "sigmoid");

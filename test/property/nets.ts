import fc from "fast-check";
import type { ScanShape } from "../../src/kernels/scan";
import type {
  DenseDescription,
  LayerDescription,
  LossDescription,
  LossName,
  RecurrentDescription,
} from "../support/layers";
import type { Padding } from "../support/random";

/** A net with how it is run. */
export interface Net {
  readonly layers: readonly LayerDescription[];
  readonly loss: LossDescription;
  readonly scan: ScanShape;
  /** Steps of a dispatch; undefined for as many as there are. */
  readonly chunkSteps: number | undefined;
}

/** A batch for it: any net takes any. */
export interface Data {
  readonly rows: number;
  readonly steps: number;
  /** Of the prediction. */
  readonly batchSize: number;
  readonly padding: Padding;
  /** Of weights, tokens and labels. */
  readonly seed: number;
  readonly scale: number;
}

const size = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const cellActivation = fc.constantFrom(
  "tanh" as const,
  "tanh" as const,
  "relu" as const,
  "sigmoid" as const,
  "linear" as const,
);

const recurrent: fc.Arbitrary<RecurrentDescription> = fc.record({
  type: fc.constantFrom("simpleRNN" as const, "simpleRNN" as const, "lstm" as const, "gru" as const),
  name: fc.constant(""),
  units: size(12),
  activation: cellActivation,
  recurrentActivation: fc.constantFrom("sigmoid" as const, "hardSigmoid" as const),
  resetAfter: fc.boolean(),
  useBias: fc.boolean(),
  returnSequences: fc.constant(true),
  goBackwards: fc.boolean(),
});

const direction = fc.record({
  layer: recurrent,
  mergeMode: fc.constantFrom(
    undefined,
    undefined,
    undefined,
    "concat" as const,
    "sum" as const,
    "mul" as const,
    "ave" as const,
  ),
});

type Head = Exclude<LossName, "categoricalCrossentropy" | "meanAbsoluteError">;

const heads: Record<Head, Pick<DenseDescription, "units" | "activation">> = {
  binaryCrossentropy: { units: 1, activation: "sigmoid" },
  sparseCategoricalCrossentropy: { units: 4, activation: "softmax" },
  meanSquaredError: { units: 1, activation: "linear" },
};

/** Nets of one to three recurrent layers behind an embedding, with any of the losses. */
export const nets: fc.Arbitrary<Net> = fc
  .record({
    inputDim: fc.integer({ min: 2, max: 15 }),
    outputDim: size(9),
    maskZero: fc.boolean(),
    stack: fc.array(direction, { minLength: 1, maxLength: 3 }),
    returnSequences: fc.boolean(),
    useBias: fc.boolean(),
    loss: fc.constantFrom(...(Object.keys(heads) as Head[])),
    scan: fc.constantFrom("narrow" as const, "wide" as const),
    chunkSteps: fc.option(size(5), { nil: undefined }),
  })
  .map(({ inputDim, outputDim, maskZero, stack, returnSequences, useBias, loss, ...run }) => ({
    layers: [
      { type: "embedding", name: "embedding", inputDim, outputDim, maskZero },
      ...stack.map(({ layer, mergeMode }, i): LayerDescription => {
        const own = {
          ...cellOf(layer),
          name: `recurrent_${i}`,
          returnSequences: i < stack.length - 1 || returnSequences,
        };
        if (mergeMode === undefined) return own;
        return { type: "bidirectional", name: `both_${i}`, mergeMode, layer: { ...own, goBackwards: false } };
      }),
      { type: "dense", name: "head", useBias, ...heads[loss] },
    ],
    loss: { name: loss, fromLogits: false },
    ...run,
  }));

/** Only the options that the cell has. */
function cellOf({ recurrentActivation, resetAfter, ...layer }: RecurrentDescription): RecurrentDescription {
  if (layer.type === "simpleRNN") return layer;
  return layer.type === "lstm"
    ? { ...layer, recurrentActivation }
    : { ...layer, recurrentActivation, resetAfter };
}

/** Batches of up to nine rows of up to fourteen steps, padded in every way. */
export const data: fc.Arbitrary<Data> = fc.record({
  rows: size(9),
  steps: size(14),
  batchSize: size(9),
  padding: fc.constantFrom<Padding>("none", "left", "left", "right", "interior", "mixed"),
  seed: fc.integer({ min: 1, max: 2 ** 30 }),
  scale: fc.constantFrom(0.1, 0.3, 0.5),
});

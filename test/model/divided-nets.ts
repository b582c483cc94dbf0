/** Nets of which something is larger than one binding, or than one row of workgroups. */
import type { ScanShape } from "../../src/kernels/scan";
import type { Net } from "./against-twin";
import { both, full, head, recurrent, sequences, table } from "./recurrent-nets";

/** Whose samples are more than a dispatch has workgroups in a row. */
export const manySamples: Record<ScanShape, Net> = {
  narrow: {
    layers: [table(20, 2), recurrent("simpleRNN", 2), head],
    batch: 70_000,
    steps: 2,
    padding: "left",
  },
  wide: {
    layers: [table(20, 2, true), recurrent("gru", 2, sequences), full(2, "softmax")],
    batch: 65_537,
    steps: 1,
    padding: "mixed",
    classes: 2,
  },
};

/** Bytes: what does not grow with the batch or the vocabulary fits in, such as 4,096 steps' figures. */
export const small = 400 * 1024;

/** Batches of several bindings. */
export const batches: Record<string, Net> = {
  "simpleRNN on a shared prefix": {
    layers: [table(20, 4), recurrent("simpleRNN", 6), head],
    batch: 1050,
    steps: 12,
    padding: "left",
  },
  "gru, masked, a loss for each step": {
    layers: [table(20, 4, true), recurrent("gru", 5, sequences), full(3, "softmax")],
    batch: 1050,
    steps: 12,
    padding: "mixed",
    classes: 3,
  },
};

/** Embedding tables of several bindings. */
export const tables: Record<string, Net> = {
  "simpleRNN on a shared prefix": {
    layers: [table(11_250, 20), recurrent("simpleRNN", 6), head],
    batch: 7,
    steps: 13,
    padding: "left",
  },
  "lstm backwards, masked": {
    layers: [table(11_250, 20, true), recurrent("lstm", 3, { goBackwards: true }), head],
    batch: 7,
    steps: 8,
    padding: "mixed",
  },
  bidirectional: {
    layers: [table(11_250, 20), both(recurrent("gru", 3)), head],
    batch: 5,
    steps: 6,
    padding: "none",
  },
};

/** Kernels of several bindings. */
export const kernels: Record<string, Net> = {
  "an output vocabulary, also of samples in windows of time": {
    layers: [table(20, 4), recurrent("lstm", 12, sequences), full(9000, "softmax")],
    batch: 3,
    steps: 13,
    padding: "none",
    classes: 9000,
  },
  "a dense layer between others, its rows no multiple of four": {
    layers: [table(20, 301), full(350, "tanh"), recurrent("simpleRNN", 6), head],
    batch: 3,
    steps: 4,
    padding: "left",
  },
  "so wide that partial sums have no room beside the bias's": {
    layers: [table(20, 4), recurrent("gru", 5), full(70_000, "softmax")],
    batch: 1,
    steps: 4,
    padding: "none",
    classes: 70_000,
  },
  "the input kernels of both directions": {
    layers: [table(20, 300), both(recurrent("gru", 120)), head],
    batch: 3,
    steps: 5,
    padding: "mixed",
  },
  "of a convolution": {
    layers: [
      table(20, 200),
      {
        ...{ type: "conv1d", name: "conv1d", filters: 180, kernelSize: 3, strides: 1, padding: "same" },
        ...{ activation: "relu", useBias: true },
      },
      recurrent("simpleRNN", 5),
      head,
    ],
    batch: 3,
    steps: 6,
    padding: "none",
  },
};

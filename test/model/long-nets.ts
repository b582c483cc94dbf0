import {
  bidirectional,
  conv1d,
  dense,
  dropout,
  embedding,
  flatten,
  globalAveragePooling1d,
  globalMaxPooling1d,
  gru,
  input,
  lstm,
  masking,
  maxPooling1d,
  simpleRNN,
  spatialDropout1d,
  timeDistributed,
  type Layer,
} from "../../src/index";
import type { Padding } from "../support/random";

export const vocabulary = 12;

/** A net whose samples are each taken in windows of time. */
export interface LongNet {
  readonly layers: () => Layer[];
  readonly steps: number;
  readonly padding: Padding;
  /** Of a net that returns sequences. */
  readonly classes?: number;
  /** Its outputs, where they are not as many as the steps. */
  readonly outputs?: number;
  /** Small where the states grow with the weights. */
  readonly learningRate?: number;
  /** What rounding may come to, where it is not forgotten, or terms cancel out: as much as in the two shapes of the scan. */
  readonly relative?: number;
  readonly absolute?: number;
}

export const words = (maskZero = false): Layer => embedding(vocabulary, 4, { maskZero });
export const last = dense(1, { activation: "sigmoid" });
const eachStep = dense(3, { activation: "softmax" });
const returnSequences = true;
const goBackwards = true;

/** Nets that take one step after the other. */
const forward: Record<string, LongNet> = {
  "simpleRNN, its states as they were, on padding that samples share": {
    layers: () => [words(), simpleRNN(12, { activation: "linear" }), last],
    steps: 6000,
    padding: "left",
    learningRate: 1e-5,
    relative: 1e-4,
  },
  "lstm, masked": {
    layers: () => [words(true), lstm(6), last],
    steps: 5700,
    padding: "mixed",
  },
  "gru, a loss for each step, masked": {
    layers: () => [words(true), gru(6, { returnSequences }), eachStep],
    steps: 5001,
    padding: "mixed",
    classes: 3,
  },
  "gru that resets before the product, behind a lstm that is masked anew": {
    layers: () => [
      words(),
      timeDistributed(dense(4, { activation: "relu" })),
      masking(),
      lstm(5, { returnSequences, returnState: true }),
      gru(6, { resetAfter: false, returnState: true }),
      dense(4, { activation: "tanh" }),
      last,
    ],
    steps: 5700,
    padding: "mixed",
  },
  "what drops single values, features and states, and adds a penalty": {
    layers: () => [
      words(),
      spatialDropout1d(0.3),
      gru(5, { dropout: 0.2, recurrentDropout: 0.3, returnSequences, kernelRegularizer: "l2" }),
      dropout(0.2),
      simpleRNN(6, { recurrentDropout: 0.2 }),
      dropout(0.4),
      last,
    ],
    steps: 5700,
    padding: "none",
  },
  "words alone": {
    layers: () => [embedding(vocabulary, 12), eachStep],
    steps: 6000,
    padding: "mixed",
    classes: 3,
  },
  "no time loop at all": {
    layers: () => [words(true), timeDistributed(dense(12, { activation: "relu" })), eachStep],
    steps: 6000,
    padding: "mixed",
    classes: 3,
  },
};

/** Nets that read from the end, or from both. */
const backward: Record<string, LongNet> = {
  "lstm that reads from the end, masked": {
    layers: () => [words(true), lstm(6, { goBackwards, returnState: true }), last],
    steps: 5700,
    padding: "mixed",
  },
  "lstm that reads from the end, and drops words, states and outputs": {
    layers: () => [
      words(),
      dropout(0.2),
      lstm(5, { goBackwards, returnSequences, dropout: 0.2, recurrentDropout: 0.2 }),
      dropout(0.3),
      eachStep,
    ],
    steps: 4999,
    padding: "none",
    classes: 3,
  },
  "two directions, one after the other, and back": {
    layers: () => [
      words(),
      gru(5, { returnSequences }),
      gru(5, { goBackwards, returnSequences }),
      lstm(6, { goBackwards }),
      last,
    ],
    steps: 5700,
    padding: "left",
    learningRate: 1e-3,
  },
  "both directions, their last states": {
    layers: () => [words(true), bidirectional(lstm(6, { returnState: true })), last],
    steps: 5701,
    padding: "mixed",
    absolute: 1.2e-7,
  },
  "both directions, multiplied step by step, masked, with dropout": {
    layers: () => [
      words(true),
      bidirectional(gru(5, { returnSequences, dropout: 0.2 }), { mergeMode: "mul" }),
      eachStep,
    ],
    steps: 5700,
    padding: "mixed",
    classes: 3,
  },
  "both directions, the first of which reads from the end, below both": {
    layers: () => [
      words(),
      bidirectional(simpleRNN(5, { returnSequences, goBackwards })),
      bidirectional(gru(5), { mergeMode: "sum" }),
      last,
    ],
    steps: 5700,
    padding: "none",
  },
};

/** Nets that take several steps at once. */
const together: Record<string, LongNet> = {
  "the largest value of all steps, some of them equal": {
    layers: () => [
      words(),
      simpleRNN(8, { returnSequences, activation: "relu" }),
      globalMaxPooling1d(),
      last,
    ],
    steps: 5700,
    padding: "mixed",
  },
  "the largest value of words alone": {
    layers: () => [embedding(vocabulary, 12), globalMaxPooling1d(), last],
    steps: 6001,
    padding: "mixed",
  },
  "the mean of the steps that are not masked": {
    layers: () => [words(true), dense(12, { activation: "tanh" }), globalAveragePooling1d(), last],
    steps: 6000,
    padding: "mixed",
    absolute: 1.2e-7,
  },
  "a convolution in front of a time loop": {
    layers: () => [
      words(),
      conv1d(4, 5, { padding: "same", activation: "relu" }),
      maxPooling1d(3),
      lstm(6),
      last,
    ],
    steps: 5700,
    padding: "mixed",
  },
  "convolutions of other strides, behind a time loop": {
    layers: () => [
      words(),
      gru(4, { returnSequences }),
      conv1d(4, 4, { strides: 2 }),
      dropout(0.2),
      conv1d(4, 3, { padding: "same", strides: 3, kernelRegularizer: "l2" }),
      eachStep,
    ],
    steps: 5703,
    padding: "none",
    classes: 3,
    outputs: 950,
  },
  "a convolution of what was before, and from both ends": {
    layers: () => [
      words(),
      conv1d(4, 5, { padding: "causal" }),
      maxPooling1d(4, { padding: "same", strides: 3 }),
      bidirectional(lstm(4)),
      last,
    ],
    steps: 8000,
    padding: "none",
    absolute: 1.2e-7,
  },
  "all steps side by side": {
    layers: () => [
      input({ shape: [3000] }),
      words(),
      lstm(6, { returnSequences }),
      spatialDropout1d(0.2),
      flatten(),
      // The partial sums of its gradient are larger than all states.
      dense(1, { activation: "sigmoid", trainable: false }),
    ],
    steps: 3000,
    padding: "none",
  },
};

/** Nets of whose batches the device must know more than one part. */
const joined: Record<string, LongNet> = {
  "lstm that carries its states from batch to batch": {
    layers: () => [words(), lstm(6, { stateful: true, returnState: true }), last],
    steps: 5700,
    padding: "none",
  },
  "gru from both ends that carries its states from batch to batch": {
    layers: () => [words(), bidirectional(gru(5, { stateful: true, returnSequences })), eachStep],
    steps: 5700,
    padding: "none",
    classes: 3,
  },
  "a loss for each step that is not masked anew": {
    layers: () => [words(), dense(12, { activation: "relu" }), masking(), eachStep],
    steps: 5700,
    padding: "none",
    classes: 3,
  },
};

export const longNets: Record<string, LongNet> = { ...forward, ...backward, ...together, ...joined };

import type { DenseDescription, EmbeddingDescription, LayerDescription } from "../support/layers";
import { activate, derivativeFromOutput, pointwise, softmax, softmaxBackward } from "./activation";
import { denseBackward, denseForward } from "./dense";
import type { DenseShape } from "./dense";
import { embeddingGradient, gatherEmbedding } from "./embedding";
import type { DropPlan, Flow, LastStates, Tape } from "./flow";
import { runBidirectional, runRecurrent } from "./recurrent";
import {
  runConv1d,
  runDropout,
  runFlatten,
  runGlobalAveragePooling1d,
  runGlobalMaxPooling1d,
  runMasking,
  runMaxPooling1d,
  runSpatialDropout1d,
} from "./sequence-layers";

export type { DropFactors, DropPlan, Flow, Gradients, LastStates, Tape } from "./flow";

/** What runs through a layer besides its input. */
export interface LayerRun {
  readonly drop?: DropPlan;
  /** Of a stateful layer: where each of its directions begins. */
  readonly initial?: readonly LastStates[];
}

/** Any layer but an embedding. */
export function runLayer(
  layer: Exclude<LayerDescription, EmbeddingDescription>,
  weights: readonly Float64Array[],
  input: Flow,
  { drop = {}, initial }: LayerRun = {},
): Tape {
  const { name } = layer;
  switch (layer.type) {
    case "simpleRNN":
    case "lstm":
    case "gru":
      return runRecurrent(layer, weights, input, { drop: drop[name], initial: initial?.[0] });
    case "bidirectional": {
      const both = { forward: drop[`${name}/forward`], backward: drop[`${name}/backward`] };
      return runBidirectional(layer, weights, input, { drop: both, initial });
    }
    case "dense":
      return runDense(layer, weights, input);
    case "timeDistributed":
      return runDense(layer.layer, weights, input);
    case "masking":
      return runMasking(layer, input);
    case "dropout":
      return runDropout(input, drop[name]);
    case "spatialDropout1d":
      return runSpatialDropout1d(input, drop[name]);
    case "conv1d":
      return runConv1d(layer, weights, input);
    case "maxPooling1d":
      return runMaxPooling1d(layer, input);
    case "globalAveragePooling1d":
      return runGlobalAveragePooling1d(input);
    case "globalMaxPooling1d":
      return runGlobalMaxPooling1d(input);
    case "flatten":
      return runFlatten(input);
  }
}

/** The number of arrays a layer has in `getWeights()`. */
export function weightCount(layer: LayerDescription): number {
  switch (layer.type) {
    case "embedding":
      return 1;
    case "simpleRNN":
    case "lstm":
    case "gru":
      return layer.useBias ? 3 : 2;
    case "bidirectional":
      return 2 * weightCount(layer.layer);
    case "dense":
    case "conv1d":
      return layer.useBias ? 2 : 1;
    case "timeDistributed":
      return weightCount(layer.layer);
    default:
      return 0;
  }
}

/** Gathers rows; with maskZero the tokens themselves are the mask. */
export function runEmbedding(
  { inputDim, outputDim, maskZero }: EmbeddingDescription,
  [table]: readonly Float64Array[],
  tokens: ArrayLike<number>,
  batch: number,
): Tape {
  const data = gatherEmbedding(table, tokens, outputDim);
  const steps = tokens.length / batch;
  return {
    output: { data, batch, steps, width: outputDim, ...(maskZero ? { mask: tokens } : {}) },
    backward: (dOutput) => ({
      dInput: new Float64Array(0),
      dWeights: [embeddingGradient(dOutput, tokens, inputDim, outputDim)],
    }),
  };
}

/** One product per row, or per step of each row; the mask passes through. */
export function runDense(
  { units, activation, useBias }: DenseDescription,
  [kernel, bias]: readonly Float64Array[],
  input: Flow,
): Tape {
  const shape: DenseShape = { rows: input.batch * input.steps, inputs: input.width, units };
  const logits = denseForward(input.data, kernel, useBias ? bias : undefined, shape);
  const data =
    activation === "softmax" ? softmax(logits, units) : logits.map((z) => activate(pointwise(activation), z));
  return {
    output: { ...input, data, width: units },
    logits,
    backward: (dOutput, byLogits) => {
      const dZ = byLogits ? dOutput : beforeActivation(dOutput, data, activation, units);
      const { dX, dKernel, dBias } = denseBackward(dZ, input.data, kernel, shape);
      return { dInput: dX, dWeights: [dKernel, ...(useBias ? [dBias] : [])] };
    },
  };
}

/** From the derivative by a dense layer's output to that by what its activation took. */
function beforeActivation(
  dOutput: Float64Array,
  output: Float64Array,
  activation: DenseDescription["activation"],
  units: number,
): Float64Array {
  if (activation === "softmax") return softmaxBackward(dOutput, output, units);
  return dOutput.map((d, i) => d * derivativeFromOutput(activation, output[i]));
}

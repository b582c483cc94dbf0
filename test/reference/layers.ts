import type { DenseDescription, EmbeddingDescription, RecurrentDescription } from "../support/layers";
import { activate, derivativeFromOutput, softmax } from "./activation";
import { denseBackward, denseForward } from "./dense";
import type { DenseShape } from "./dense";
import { embeddingGradient, gatherEmbedding } from "./embedding";
import { atLastState, lastState, scanBackward, scanForward } from "./scan";
import type { ScanShape } from "./scan";

/** What flows between layers: [batch][steps][width], or [batch][width] with steps = 1 once reduced. */
export interface Flow {
  readonly data: Float64Array;
  readonly batch: number;
  readonly steps: number;
  readonly width: number;
  /** [batch][steps], as far as it reaches. */
  readonly mask?: ArrayLike<number>;
}

/** A layer's output with what its backward pass needs. */
export interface Tape {
  readonly output: Flow;
  /** Of a dense layer: before its activation. */
  readonly logits?: Float64Array;
  /** From the gradient by the output (of a dense head: by its logits) to that by the input and the weights. */
  readonly backward: (dOutput: Float64Array, byLogits: boolean) => Gradients;
}

export interface Gradients {
  readonly dInput: Float64Array;
  /** In the order of the layer's weights. */
  readonly dWeights: Float64Array[];
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

/** Projects every step, then scans; consumes the mask and passes none on. */
export function runSimpleRnn(
  layer: RecurrentDescription,
  [kernel, recurrentKernel, bias]: readonly Float64Array[],
  input: Flow,
): Tape {
  const { batch, steps, width, mask } = input;
  const { units, returnSequences, goBackwards, useBias } = layer;
  const projection: DenseShape = { rows: batch * steps, inputs: width, units };
  const scan: ScanShape = { batch, steps, units, activation: pointwise(layer.activation), mask, goBackwards };
  const z = denseForward(input.data, kernel, useBias ? bias : undefined, projection);
  const states = scanForward(z, recurrentKernel, scan);
  const data = returnSequences ? states : lastState(states, scan);
  return {
    output: { data, batch, steps: returnSequences ? steps : 1, width: units },
    backward: (dOutput) => {
      const dStates = returnSequences ? dOutput : atLastState(dOutput, scan);
      const { dZ, dRecurrentKernel } = scanBackward(dStates, states, recurrentKernel, scan);
      const { dX, dKernel, dBias } = denseBackward(dZ, input.data, kernel, projection);
      return { dInput: dX, dWeights: [dKernel, dRecurrentKernel, ...(useBias ? [dBias] : [])] };
    },
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
      const dZ = byLogits
        ? dOutput
        : dOutput.map((d, i) => d * derivativeFromOutput(pointwise(activation), data[i]));
      const { dX, dKernel, dBias } = denseBackward(dZ, input.data, kernel, shape);
      return { dInput: dX, dWeights: [dKernel, ...(useBias ? [dBias] : [])] };
    },
  };
}

function pointwise(activation: string): "linear" | "tanh" | "relu" | "sigmoid" {
  if (activation === "linear" || activation === "tanh" || activation === "relu" || activation === "sigmoid") {
    return activation;
  }
  throw new Error(`reference: activation ${activation} has no element-wise twin`);
}

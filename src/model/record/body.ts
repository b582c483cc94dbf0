import { recordDropout } from "./dropout";
import { recordDense } from "./dense";
import { recordFlatten, recordGlobalPooling1d, recordMaxPooling1d } from "./pooling";
import { nextStage } from "./stage";
import { recordConvolution } from "./convolution";
import { recordBidirectional } from "./bidirectional";
import { recordMasking } from "./masking";
import { recordLoop } from "./loop";
import { overWindows, type Between } from "./windows";
import type { Architecture, LayerPlan } from "../architecture";
import type { Parameters, WeightTensors } from "../parameters";
import type { Flow, Recorder, SequenceFlow } from "./recorder";

/**
 * Records all layers but the last, which is recorded together with the loss.
 *
 * @param recorders one for each window of time
 * @returns what comes to the last layer
 */
export function recordBody(
  recorders: readonly Recorder[],
  architecture: Architecture,
  parameters: Parameters,
): Between {
  let between: Between = { recorders, flows: [] };
  for (const [i, layer] of architecture.layers.slice(0, -1).entries()) {
    const gradients = recorders[0].training ? parameters.gradients.weights[i] : undefined;
    between = recordLayer(between, layer, parameters.weights[i], gradients);
  }
  return between;
}

/** @returns what comes to the next layer */
function recordLayer(
  between: Between,
  { config, outputShape }: LayerPlan,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
): Between {
  const { recorders, flows } = between;
  const each = (record: (recorder: Recorder, input: Flow) => Flow): Between => ({
    recorders,
    flows: overWindows(recorders, gradients, (recorder, i) => record(recorder, flows[i]), flows),
  });
  // Behind the last step there is one window.
  const last = (flow: Flow): Between => ({ recorders: recorders.slice(-1), flows: [flow] });
  const steps = (outputs: readonly Flow[], sequences: boolean): Between =>
    sequences ? { recorders, flows: outputs } : last(outputs.at(-1)!);
  // The architecture was checked: an embedding comes first, and sequences where they are wanted.
  switch (config.className) {
    case "Embedding":
      return {
        recorders,
        flows: recorders.map(({ plan: { tokens } }) => {
          const mask = config.maskZero ? ({ by: "tokens", tensors: { tokens } } as const) : undefined;
          return { kind: "tokens", width: config.outputDim, mask, weights, gradients };
        }),
      };
    case "SimpleRNN":
    case "LSTM":
    case "GRU":
      return steps(recordLoop(between, config, weights, gradients), config.returnSequences);
    case "Bidirectional": {
      const outputs = recordBidirectional(between, config, weights, gradients);
      return steps(outputs, config.layer.returnSequences);
    }
    case "Dense":
    case "TimeDistributed": {
      const { units, activation } = config.className === "Dense" ? config : config.layer;
      // Softmax stands on the last layer only.
      const options = { units, activation: activation as "linear" };
      return each((recorder, input) => recordDense(recorder, options, input, weights, gradients));
    }
    case "Dropout":
      return each((recorder, input) =>
        recordDropout(recorder, { rate: config.rate, features: false }, input),
      );
    case "SpatialDropout1D":
      return each((recorder, input) => recordDropout(recorder, { rate: config.rate, features: true }, input));
    case "Masking":
      return each((recorder, input) => recordMasking(recorder, config.maskValue, input as SequenceFlow));
    case "Conv1D": {
      const behind = recorders.map(nextStage);
      return { recorders: behind, flows: recordConvolution(between, behind, config, weights, gradients) };
    }
    case "MaxPooling1D": {
      const behind = recorders.map(nextStage);
      return { recorders: behind, flows: recordMaxPooling1d(between, behind, config) };
    }
    case "GlobalAveragePooling1D":
      return last(recordGlobalPooling1d(between, "mean"));
    case "GlobalMaxPooling1D":
      return last(recordGlobalPooling1d(between, "max"));
    case "Flatten": {
      const [{ kind }] = flows;
      // It stands behind a known number of steps; samples without steps stay as they are.
      return kind === "samples" || kind === "last"
        ? between
        : last(recordFlatten(between, outputShape(null)[1]!));
    }
  }
}

import type { Architecture } from "../architecture";
import type { LayerPlan } from "../architecture";
import type { Parameters, WeightTensors } from "../parameters";
import { recordBidirectional } from "./bidirectional";
import { recordDense } from "./dense";
import { recordDropout } from "./dropout";
import type { Flow, Recorder, SequenceFlow } from "./recorder";
import { recordRecurrent } from "./recurrent";

/** Records all layers but the last, which is recorded together with the loss. */
export function recordBody(recorder: Recorder, architecture: Architecture, parameters: Parameters): Flow {
  let flow: Flow | undefined;
  architecture.layers.slice(0, -1).forEach((layer, i) => {
    const gradients = recorder.training ? parameters.gradients.weights[i] : undefined;
    flow = recordLayer(recorder, layer, flow, parameters.weights[i], gradients);
  });
  return flow!;
}

function recordLayer(
  recorder: Recorder,
  { config }: LayerPlan,
  flow: Flow | undefined,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
): Flow {
  if (config.className === "Embedding") {
    return { kind: "tokens", width: config.outputDim, masked: config.maskZero, weights, gradients };
  }
  // The architecture was checked: an embedding comes first, and sequences where they are wanted.
  const input = flow!;
  switch (config.className) {
    case "SimpleRNN":
    case "LSTM":
    case "GRU": {
      const dropped = recordDropout(
        recorder,
        { rate: config.dropout, features: true },
        input,
      ) as SequenceFlow;
      return recordRecurrent(recorder, config, dropped, weights, gradients);
    }
    case "Bidirectional":
      return recordBidirectional(recorder, config, input as SequenceFlow, weights, gradients);
    case "Dense":
    case "TimeDistributed": {
      const { units, activation } = config.className === "Dense" ? config : config.layer;
      // Softmax stands on the last layer only.
      return recordDense(recorder, { units, activation: activation as "linear" }, input, weights, gradients);
    }
    case "Dropout":
      return recordDropout(recorder, { rate: config.rate, features: false }, input);
    case "SpatialDropout1D":
      return recordDropout(recorder, { rate: config.rate, features: true }, input);
    default:
      throw new Error(config.className);
  }
}

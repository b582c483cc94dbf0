import type { Architecture, LayerPlan } from "../architecture";
import type { Parameters, WeightTensors } from "../parameters";
import { opensStage } from "../stages";
import { nextStage } from "./stage";
import { recordDense } from "./dense";
import { recordFlatten, recordGlobalPooling1d, recordMaxPooling1d } from "./pooling";
import { recordBidirectional } from "./bidirectional";
import { writtenOut } from "./embedding";
import { recordConvolution } from "./convolution";
import { recordDropout } from "./dropout";
import type { Flow, Recorder, SequenceFlow } from "./recorder";
import { recordMasking } from "./masking";
import { recordRecurrent } from "./recurrent";

/**
 * Records all layers but the last, which is recorded together with the loss.
 *
 * @returns what comes to the last layer, and the recorder behind the others
 */
export function recordBody(
  recorder: Recorder,
  architecture: Architecture,
  parameters: Parameters,
): { flow: Flow; behind: Recorder } {
  let flow: Flow | undefined;
  let before = recorder;
  for (const [i, layer] of architecture.layers.slice(0, -1).entries()) {
    const gradients = recorder.training ? parameters.gradients.weights[i] : undefined;
    const behind = opensStage(layer) ? nextStage(before) : before;
    flow = recordLayer({ recorder: before, behind }, layer, flow, parameters.weights[i], gradients);
    before = behind;
  }
  return { flow: flow!, behind: before };
}

/** @param recorders of the layer's input and of its output: two where it opens a stage */
function recordLayer(
  { recorder, behind }: { recorder: Recorder; behind: Recorder },
  { config, outputShape }: LayerPlan,
  flow: Flow | undefined,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
): Flow {
  if (config.className === "Embedding") {
    const { tokens } = recorder.plan;
    const mask = config.maskZero ? ({ by: "tokens", tensors: { tokens } } as const) : undefined;
    return { kind: "tokens", width: config.outputDim, mask, weights, gradients };
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
      // With what recurrent dropout keeps, a scan that looks tokens up would bind more buffers than it may; of a table
      // that comes in parts it could bind only one.
      const parted = dropped.kind === "tokens" && dropped.weights.embeddings.parts.length > 1;
      const rows = config.recurrentDropout > 0 || parted ? writtenOut(recorder, dropped) : dropped;
      return recordRecurrent(recorder, config, rows, weights, gradients);
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
    case "Masking":
      return recordMasking(recorder, config.maskValue, input as SequenceFlow);
    case "Conv1D":
      return recordConvolution(recorder, behind, config, input as SequenceFlow, weights, gradients);
    case "MaxPooling1D":
      return recordMaxPooling1d(recorder, behind, config, input as SequenceFlow);
    case "GlobalAveragePooling1D":
      return recordGlobalPooling1d(recorder, "mean", input as SequenceFlow);
    case "GlobalMaxPooling1D":
      return recordGlobalPooling1d(recorder, "max", input as SequenceFlow);
    case "Flatten":
      // It stands behind a known number of steps.
      return recordFlatten(recorder, input, outputShape(null)[1]!);
  }
}

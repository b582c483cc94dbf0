import {
  activate,
  denseSigmoidLoss,
  loss as lossKernel,
  maskCounts,
  maskWeights,
  reduceGroups,
  softmax,
  sumMetrics,
} from "../../kernels";
import type { Tensor } from "../../runtime/tensor";
import type { DenseConfig } from "../layers";
import type { Loss } from "../losses";
import type { WeightTensors } from "../parameters";
import { recordDense } from "./dense";
import { dispatch, firstSample, type Flow, type Recorder } from "./recorder";

/** The activation of the last layer of which a loss takes the logits. */
const takenFrom: Partial<Record<Loss["kind"], DenseConfig["activation"]>> = {
  binaryCrossentropy: "sigmoid",
  sparseCategoricalCrossentropy: "softmax",
  categoricalCrossentropy: "softmax",
};

/**
 * Records the last layer together with the loss.
 *
 * @returns the tensor in which a forward run leaves the model's output
 */
export function recordHead(
  recorder: Recorder,
  config: DenseConfig,
  loss: Loss,
  metrics: Tensor,
  input: Flow,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
): Tensor {
  const { arena, capacity, training } = recorder;
  const { units, activation } = config;
  const logits = loss.fromLogits || takenFrom[loss.kind] === activation;
  const binary = units === 1 && loss.kind === "binaryCrossentropy" && logits;
  if (binary && input.kind === "last" && (activation === "sigmoid" || activation === "linear")) {
    return recordBinaryHead(recorder, activation === "linear", metrics, input, weights, gradients);
  }
  const inner = logits || activation === "softmax" ? "linear" : activation;
  const flow = recordDense(recorder, { units, activation: inner }, input, weights, gradients);
  const outputs = flow.values;
  const rowMetrics = arena.tensor("rowMetrics", [capacity.outputs, 4]);
  const dz = flow.gradient ?? arena.tensor("dOutputs", [capacity.outputs, units]);
  const from = logits ? "logits" : "outputs";
  const rowWeights = recordRowWeights(recorder, flow);
  recorder.forward.push((program) => {
    dispatch(
      recorder,
      program,
      lossKernel({ kind: loss.kind, from, width: units, linear: activation === "linear" }),
      { z: outputs, weights: rowWeights, rowMetrics, dz },
    );
    dispatch(recorder, program, sumMetrics(), { rowMetrics, metrics });
    if (training || inner === activation) return;
    const kernel = activation === "softmax" ? softmax(units) : activate(activation, units);
    dispatch(recorder, program, kernel, { y: outputs });
  });
  return outputs;
}

/** The plan's weights of the outputs: it knows which tokens are masked, but not which rows another layer marks. */
function recordRowWeights(recorder: Recorder, flow: Flow): Tensor {
  const { mask } = flow;
  if (mask?.by !== "rows") return recorder.plan.weights;
  const { arena, capacity, counting, forward } = recorder;
  const out = arena.tensor("maskedWeights", [capacity.outputs, 2]);
  const groups = reduceGroups(capacity.outputs);
  const tensors = { ...mask.tensors, out };
  counting.push((program) => {
    dispatch(recorder, program, maskCounts(groups), tensors);
  });
  forward.push((program) => {
    dispatch(recorder, program, maskWeights(), tensors);
  });
  return out;
}

function recordBinaryHead(
  recorder: Recorder,
  linear: boolean,
  metrics: Tensor,
  input: Extract<Flow, { kind: "last" }>,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
): Tensor {
  const { arena, capacity, layout, training } = recorder;
  const { kernel, bias } = weights;
  const outputs = arena.tensor("outputs", [capacity.samples, 1]);
  recorder.forward.push((program) => {
    dispatch(
      recorder,
      program,
      denseSigmoidLoss({
        units: input.width,
        useBias: bias !== undefined,
        first: firstSample(layout),
        train: training,
        linear,
      }),
      {
        ...weights,
        h: input.values,
        metrics,
        outputs,
        // All gradients, also where a frozen layer has no use for them.
        ...(training && {
          dLast: input.gradient ?? arena.tensor("dLast", [capacity.samples, input.width]),
          dKernel: gradients?.kernel ?? arena.tensor("dKernel", kernel.shape),
          dBias: bias && (gradients?.bias ?? arena.tensor("dBias", bias.shape)),
        }),
      },
    );
  });
  return outputs;
}

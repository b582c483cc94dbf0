import { activationGradient, type Activation } from "../../kernels";
import type { WeightTensors } from "../parameters";
import { writtenOut } from "./embedding";
import { recordLinear } from "./linear";
import { dispatch, newFlow, wantsGradient, type Flow, type Recorder, type RowFlow } from "./recorder";
import { recordWeightGradient } from "./weight-gradient";

/**
 * Records a dense layer on sequences or samples.
 *
 * @param activation what the layer itself applies: "linear" where the loss takes the logits
 */
export function recordDense(
  recorder: Recorder,
  { units, activation }: { units: number; activation: Activation },
  input: Flow,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
): RowFlow<"rows" | "samples"> {
  const flow = writtenOut(recorder, input);
  const count = flow.kind === "rows" ? "rows" : "samples";
  const rows = flow.kind === "last" ? "last" : "same";
  const trains = gradients !== undefined || wantsGradient(recorder, flow);
  const output = newFlow(recorder, "dense", count, units, trains, flow.mask);
  const { values, gradient } = output;
  recorder.forward.push((program) => {
    const tensors = { ...weights, x: flow.values, out: values };
    recordLinear(recorder, program, tensors, { activation, rows, count });
  });
  if (!gradient) return output;
  recorder.backward.push((program) => {
    if (activation !== "linear") {
      dispatch(recorder, program, activationGradient(activation, units, count), { y: values, dy: gradient });
    }
    if (gradients) {
      const terms = { ...gradients, x: flow.values, dz: gradient };
      recordWeightGradient(recorder, program, { inputs: flow.width, outputs: units, rows, count }, terms);
    }
    if (flow.gradient) {
      const tensors = { x: gradient, kernel: weights.kernel, out: flow.gradient };
      recordLinear(recorder, program, tensors, { count, transposed: true });
    }
  });
  return output;
}

import { activationGradient, type Activation } from "../../kernels";
import type { Tensor } from "../../runtime/tensor";
import type { WeightTensors } from "../parameters";
import { writtenOut } from "./embedding";
import { recordLinear, recordLinearInputGradient } from "./linear";
import {
  dispatch,
  recordWeightGradient,
  wantsGradient,
  type Flow,
  type Mask,
  type Recorder,
} from "./recorder";

type RowFlow = Exclude<Flow, { kind: "tokens" }>;

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
): RowFlow {
  const flow = writtenOut(recorder, input);
  const { arena, capacity } = recorder;
  const mask = flow.kind === "rows" ? flow.mask : undefined;
  const count = flow.kind === "rows" ? "rows" : "samples";
  const rows = flow.kind === "last" ? "last" : "same";
  const kind = flow.kind === "rows" ? "rows" : "samples";
  const shape = [capacity[count], units];
  const values = arena.tensor("dense", shape);
  const { kernel, bias } = weights;
  recorder.forward.push((program) => {
    recordLinear(
      recorder,
      program,
      { x: flow.values, kernel, bias, out: values },
      { activation, rows, count },
    );
  });
  if (!gradients && !wantsGradient(recorder, flow)) return flowOf(kind, { width: units, values }, mask);
  const gradient = arena.tensor("dDense", shape);
  recorder.backward.push((program) => {
    if (activation !== "linear") {
      dispatch(recorder, program, activationGradient(activation, units, count), { y: values, dy: gradient });
    }
    if (gradients) {
      recordWeightGradient(
        recorder,
        program,
        { inputs: flow.width, outputs: units, rows, count },
        { x: flow.values, dz: gradient, kernel: gradients.kernel, bias: gradients.bias },
      );
    }
    const dx = flow.gradient;
    if (dx) recordLinearInputGradient(recorder, program, { dz: gradient, kernel, dx }, count);
  });
  return flowOf(kind, { width: units, values, gradient }, mask);
}

function flowOf(
  kind: "rows" | "samples",
  tensors: { width: number; values: Tensor; gradient?: Tensor },
  mask: Mask | undefined,
): RowFlow {
  return kind === "rows" ? { kind, mask, ...tensors } : { kind, ...tensors };
}

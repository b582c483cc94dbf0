import { activationGradient, activationGradientSize } from "../../kernels/activation-gradient";
import { linear, linearSize } from "../../kernels/linear";
import { linearInputGradient, linearInputGradientSize } from "../../kernels/linear-input-gradient";
import type { Activation } from "../../kernels/shared/activation";
import type { WeightTensors } from "../parameters";
import { gatherEmbeddings } from "./embedding";
import { elementGrid, firstSample, recordWeightGradient, type Flow, type Recorder } from "./recorder";

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
  const flow = input.kind === "tokens" ? gatherEmbeddings(recorder, input) : input;
  const { arena, capacity, plan, layout, training } = recorder;
  const count = flow.kind === "rows" ? "rows" : "samples";
  const rows = flow.kind === "last" ? "last" : "same";
  const kind = flow.kind === "rows" ? "rows" : "samples";
  const shape = [capacity[count], units];
  const values = arena.tensor("dense", shape);
  const { kernel, bias } = weights;
  recorder.forward.push((program) => {
    program.dispatch(
      linear({
        inputs: flow.width,
        outputs: units,
        useBias: bias !== undefined,
        activation,
        rows,
        count,
        first: firstSample(layout),
      }),
      {
        step: plan.step,
        ...(rows === "last" ? { segments: plan.segments } : {}),
        x: flow.values,
        kernel,
        ...(bias ? { bias } : {}),
        out: values,
      },
      elementGrid((sizes) => sizes[count], units, linearSize),
    );
  });
  if (!training) return { kind, width: units, values };
  const gradient = arena.tensor("dDense", shape);
  recorder.backward.push((program) => {
    if (activation !== "linear") {
      program.dispatch(
        activationGradient(activation, units, count),
        { step: plan.step, y: values, dy: gradient },
        elementGrid((sizes) => sizes[count], units, activationGradientSize),
      );
    }
    recordWeightGradient(
      recorder,
      program,
      { inputs: flow.width, outputs: units, rows, count },
      { x: flow.values, dz: gradient, kernel: gradients!.kernel, bias: gradients!.bias },
    );
    program.dispatch(
      linearInputGradient(flow.width, units, count),
      { step: plan.step, dz: gradient, kernel, dx: flow.gradient! },
      elementGrid((sizes) => sizes[count], flow.width, linearInputGradientSize),
    );
  });
  return { kind, width: units, values, gradient };
}

import { mergeDirections, mergeDirectionsGradient, type MergeOptions } from "../../kernels";
import type { BidirectionalConfig } from "../layers";
import type { WeightTensors } from "../parameters";
import { newFlow, recordKernels, type Flow } from "./recorder";
import { recordLoop } from "./loop";
import { allWrittenOut, type Between } from "./windows";

type LayerFlow = ReturnType<typeof recordLoop>[number];

/** The weights of one direction, by the names they have in the layer that runs in it. */
function directed(weights: WeightTensors, direction: string): WeightTensors;
function directed(weights: WeightTensors | undefined, direction: string): WeightTensors | undefined;
function directed(weights: WeightTensors | undefined, direction: string): WeightTensors | undefined {
  if (!weights) return undefined;
  const prefix = `${direction}.`;
  const own = Object.entries(weights).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, tensor]) => [key.slice(prefix.length), tensor]));
}

/**
 * Records a layer and its copy that runs from the end, and what makes one output of them. Both take the same
 * rows; the backward pass of the first writes the derivative of these, that of the second adds to it.
 */
export function recordBidirectional(
  between: Between,
  { layer, mergeMode }: BidirectionalConfig,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
): Flow[] {
  const { units, returnSequences: sequences } = layer;
  const { recorders } = between;
  const inputs = allWrittenOut(between);
  const direction = (name: string, goBackwards: boolean, accumulate: boolean): LayerFlow[] =>
    recordLoop(
      { recorders, flows: inputs },
      { ...layer, goBackwards },
      directed(weights, name),
      directed(gradients, name),
      accumulate,
    );
  // The backward pass runs in the opposite order of these two.
  const ahead = direction("forward", layer.goBackwards, true);
  const back = direction("backward", !layer.goBackwards, false);
  const width = mergeMode === "concat" ? 2 * units : units;
  const kind = sequences ? "rows" : "samples";
  const last = recorders.length - 1;
  return recorders.map((recorder, i) => {
    const input = inputs[i];
    const f = ahead[i];
    // What the other direction has from its end to its beginning; last states are last in both.
    const b = back[sequences ? last - i : i];
    const options: MergeOptions = { units, mode: mergeMode, sequences, masked: input.mask?.by ?? false };
    const output = newFlow(recorder, "merged", kind, width, f.gradient && b.gradient);
    const tensors = { ...input.mask?.tensors, f: f.values, b: b.values, df: f.gradient, db: b.gradient };
    const kernels = [mergeDirections(options), mergeDirectionsGradient(options)] as const;
    if (sequences || i === last) recordKernels(recorder, kernels, input, output, tensors);
    return output;
  });
}

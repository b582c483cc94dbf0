import { mergeDirections, mergeDirectionsGradient, type MergeOptions } from "../../kernels";
import type { BidirectionalConfig } from "../layers";
import type { WeightTensors } from "../parameters";
import { recordDropout } from "./dropout";
import { writtenOut } from "./embedding";
import { newFlow, recordKernels, type Flow, type Recorder, type SequenceFlow } from "./recorder";
import { recordRecurrent } from "./recurrent";

type LayerFlow = ReturnType<typeof recordRecurrent>;

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
  recorder: Recorder,
  { layer, mergeMode }: BidirectionalConfig,
  input: SequenceFlow,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
): Flow {
  const { units, returnSequences: sequences } = layer;
  const rows = writtenOut(recorder, input);
  const direction = (name: string, goBackwards: boolean, accumulate: boolean): LayerFlow => {
    const dropout = { rate: layer.dropout, features: true, accumulate };
    const dropped = recordDropout(recorder, dropout, rows) as SequenceFlow;
    return recordRecurrent(
      recorder,
      { ...layer, goBackwards },
      dropped,
      directed(weights, name),
      directed(gradients, name),
      accumulate && dropped === rows,
    );
  };
  // The backward pass runs in the opposite order of these two.
  const f = direction("forward", layer.goBackwards, true);
  const b = direction("backward", !layer.goBackwards, false);
  const width = mergeMode === "concat" ? 2 * units : units;
  const options: MergeOptions = { units, mode: mergeMode, sequences, masked: input.mask?.by ?? false };
  const kind = sequences ? "rows" : "samples";
  const output = newFlow(recorder, "merged", kind, width, f.gradient && b.gradient);
  const tensors = { ...input.mask?.tensors, f: f.values, b: b.values, df: f.gradient, db: b.gradient };
  recordKernels(
    recorder,
    [mergeDirections(options), mergeDirectionsGradient(options)],
    rows,
    output,
    tensors,
  );
  return output;
}

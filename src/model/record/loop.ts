import type { RecurrentLayer } from "../layers";
import type { WeightTensors } from "../parameters";
import { recordDropout } from "./dropout";
import { writtenOut } from "./embedding";
import { wantsGradient, type RowFlow, type SequenceFlow } from "./recorder";
import { recordRecurrent } from "./recurrent";
import { loopWindows } from "./state";
import { overWindows, type Between } from "./windows";

/**
 * Records a recurrent layer, and the dropout of its input. A layer that reads backwards begins with the last window.
 *
 * @param accumulate add to the derivatives of the input, which another layer has written already
 * @returns the states of every step, or the last ones, of each window in the order of the layer's steps
 */
export function recordLoop(
  { recorders, flows }: Between,
  config: RecurrentLayer,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
  accumulate = false,
): (RowFlow<"rows"> | RowFlow<"last">)[] {
  const inOrder = <Item>(items: readonly Item[]): readonly Item[] =>
    config.goBackwards ? items.toReversed() : items;
  const inputs = inOrder(flows) as readonly SequenceFlow[];
  const training = gradients !== undefined || wantsGradient(recorders[0], inputs[0]);
  // The scan is at the step of another window than its input where the two run in opposite directions.
  const windows = loopWindows(recorders, config, training);
  return overWindows(
    inOrder(recorders),
    gradients,
    (recorder, i) => {
      const dropped = recordDropout(
        recorder,
        { rate: config.dropout, features: true, accumulate },
        inputs[i],
      ) as SequenceFlow;
      // With what recurrent dropout keeps, a scan that looks tokens up would bind more buffers than it may; of a matrix
      // that comes in parts its projection could bind only one.
      const parted = [weights.kernel, dropped.kind === "tokens" && dropped.weights.embeddings].some(
        (matrix) => matrix && matrix.parts.length > 1,
      );
      const input = config.recurrentDropout > 0 || parted ? writtenOut(recorder, dropped) : dropped;
      const adds = accumulate && dropped === inputs[i];
      return recordRecurrent(recorder, config, input, weights, gradients, windows[i], adds);
    },
    inputs,
  );
}

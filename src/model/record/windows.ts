import { addGradients, type StepValues } from "../../kernels";
import type { Program } from "../../runtime/program";
import type { Tensor } from "../../runtime/tensor";
import type { WeightTensors } from "../parameters";
import { writtenOut } from "./embedding";
import { dispatch, type Flow, type Recorder, type RowFlow } from "./recorder";

/**
 * What lies between two layers of samples that are taken in windows of time: a recorder and a flow for each window, in
 * the order of the layer's steps. There is one window where samples are taken whole, and one behind the last step.
 */
export interface Between {
  recorders: readonly Recorder[];
  flows: readonly Flow[];
}

/**
 * Records a layer in one window after the other. A backward pass goes over them from the last to the first; each leaves
 * its gradients in the place of the one before, so all but the first window's are added up elsewhere.
 *
 * @param gradients that the layer leaves, beside those of tokens that come to it
 */
export function overWindows<Result>(
  recorders: readonly Recorder[],
  gradients: WeightTensors | undefined,
  record: (recorder: Recorder, i: number) => Result,
  flows: readonly Flow[] = [],
): Result[] {
  const [tokens] = flows;
  const left = Object.values({ ...gradients, ...(tokens?.kind === "tokens" && tokens.gradients) });
  const { streams } = recorders[0];
  const { next } = streams;
  const results: Result[] = [];
  for (const [i, recorder] of recorders.entries()) {
    // The windows of a layer draw the same random numbers.
    streams.next = next;
    if (i > 0 && recorder.training && left.length > 0) {
      recorder.backward.push((program) => {
        // A layer may also leave tokens to the one behind it.
        if (results[i] !== flows[i]) addUp(program, left, left.map(recorder.sumOf));
      });
    }
    results.push(record(recorder, i));
  }
  return results;
}

/** What layers take that are not made for tokens: rows, in all windows. */
export const allWrittenOut = ({ recorders, flows }: Between): RowFlow<"rows">[] =>
  overWindows(
    recorders,
    undefined,
    (recorder, i) => writtenOut(recorder, flows[i]),
    flows,
  ) as RowFlow<"rows">[];

/** Records the addition of gradients to their sums. */
export function addUp(
  program: Program<StepValues>,
  gradients: readonly Tensor[],
  sums: readonly Tensor[],
): void {
  gradients.forEach(({ parts }, i) => {
    parts.forEach((terms, part) => {
      dispatch({ plan: {} }, program, addGradients(terms.length), { terms, sums: sums[i].parts[part] });
    });
  });
}

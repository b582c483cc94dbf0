import { maxOwnMatrix, reverseRows, type StepValues } from "../../kernels";
import type { Program } from "../../runtime/program";
import { recordEmbeddingGradient, recordEmbeddingGradientNarrow, recordSumByToken } from "./embedding";
import { recordLinear } from "./linear";
import { dispatch, wantsGradient } from "./recorder";
import { recordWeightGradient } from "./weight-gradient";
import type { Recurrence } from "./recurrence";

/**
 * What a recurrent layer's dz gives: the gradients of the input kernel and its bias, and of the layer's input, as far
 * as they are wanted.
 *
 * @param accumulate add to the derivative of the input, which another layer has written already
 */
export function recordInputGradient(
  { recorder, config, input, weights, gradients, columns, tensors }: Recurrence,
  accumulate: boolean,
): (program: Program<StepValues>) => void {
  const { arena, capacity } = recorder;
  const dz = tensors.dz!;
  const { kernel } = weights;
  const sizes = { inputs: input.width, outputs: columns };
  if (input.kind === "tokens") {
    const sums = arena.tensor("sums", [capacity.tasks, columns]);
    return (program) => {
      recordSumByToken(recorder, program, dz, sums);
      if (recorder.shape === "narrow" && input.width * columns <= maxOwnMatrix) {
        recordEmbeddingGradientNarrow(recorder, program, input, sums, kernel, gradients);
        return;
      }
      if (wantsGradient(recorder, input)) recordEmbeddingGradient(recorder, program, input, sums, kernel);
      if (!gradients) return;
      const terms = { ...gradients, x: input.weights.embeddings, dz: sums };
      recordWeightGradient(recorder, program, { ...sizes, rows: "token", count: "tasks" }, terms);
    };
  }
  const reversed = config.goBackwards ? arena.tensor("dInput", [capacity.rows, columns]) : undefined;
  const dInput = reversed ?? dz;
  const { values, gradient } = input;
  return (program) => {
    if (reversed) dispatch(recorder, program, reverseRows(columns), { x: dz, out: reversed });
    if (gradients) {
      const terms = { ...gradients, x: values, dz: dInput };
      recordWeightGradient(recorder, program, { ...sizes, rows: "same", count: "rows" }, terms);
    }
    if (gradient) {
      recordLinear(recorder, program, { x: dInput, kernel, out: gradient }, { transposed: true, accumulate });
    }
  };
}

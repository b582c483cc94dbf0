import { maxOwnMatrix, reverseRows, type StepValues } from "../../kernels";
import type { Program } from "../../runtime/program";
import { recordEmbeddingGradient, recordEmbeddingGradientNarrow, recordSumByToken } from "./embedding";
import { recordLinearInputGradient } from "./linear";
import { dispatch, recordWeightGradient, wantsGradient } from "./recorder";
import type { Recurrence } from "./recurrence";

/**
 * What a recurrent layer's dz gives: the gradients of the input kernel and its bias, and of the layer's input, as far
 * as they are wanted.
 *
 * @param accumulate add to the derivative of the input, which another layer has written already
 */
export function recordInputGradient(
  { recorder, config, input, weights, gradients, columns, ...tensors }: Recurrence,
  accumulate: boolean,
): (program: Program<StepValues>) => void {
  const { arena, capacity } = recorder;
  const dz = tensors.dz!;
  if (input.kind === "tokens") {
    const sums = arena.tensor("sums", [capacity.tasks, columns]);
    return (program) => {
      recordSumByToken(recorder, program, { dz, columns, sums });
      const toTable = { columns, sums, kernel: weights.kernel };
      if (recorder.shape === "narrow" && input.width * columns <= maxOwnMatrix) {
        recordEmbeddingGradientNarrow(recorder, program, input, toTable, gradients);
        return;
      }
      if (wantsGradient(recorder, input)) recordEmbeddingGradient(recorder, program, input, toTable);
      if (gradients) {
        const { kernel, bias } = gradients;
        recordWeightGradient(
          recorder,
          program,
          { inputs: input.width, outputs: columns, rows: "token", count: "tasks" },
          { x: input.weights.embeddings, dz: sums, kernel, bias },
        );
      }
    };
  }
  const reversed = config.goBackwards ? arena.tensor("dInput", [capacity.rows, columns]) : undefined;
  return (program) => {
    if (reversed) {
      dispatch(recorder, program, reverseRows(columns), { x: dz, out: reversed });
    }
    const dInput = reversed ?? dz;
    if (gradients) {
      const { kernel, bias } = gradients;
      recordWeightGradient(
        recorder,
        program,
        { inputs: input.width, outputs: columns, rows: "same", count: "rows" },
        { x: input.values, dz: dInput, kernel, bias },
      );
    }
    const dx = input.gradient;
    if (!dx) return;
    const { kernel } = weights;
    recordLinearInputGradient(recorder, program, { dz: dInput, kernel, dx }, "rows", accumulate);
  };
}

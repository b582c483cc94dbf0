import { assignSlots, assignSlotsSize } from "../../kernels/assign-slots";
import { embeddingGather, embeddingGatherSize } from "../../kernels/embedding-gather";
import { embeddingGradient, embeddingGradientSize } from "../../kernels/embedding-gradient";
import { sumByToken, sumByTokenSize } from "../../kernels/sum-by-token";
import type { StepValues } from "../../kernels/shared/step";
import { workgroups, type Program } from "../../runtime/program";
import type { Tensor } from "../../runtime/tensor";
import { elementGrid, type Flow, type Recorder } from "./recorder";

type TokenFlow = Extract<Flow, { kind: "tokens" }>;

/** Writes the embeddings out, a row for each state row, for layers that are not recurrent. */
export function gatherEmbeddings(recorder: Recorder, flow: TokenFlow): Extract<Flow, { kind: "rows" }> {
  const { arena, capacity, plan, slots, training } = recorder;
  const { width } = flow;
  const values = arena.tensor("embedded", [capacity.rows, width]);
  recorder.forward.push((program) => {
    const { step, rowTokens, tokens } = plan;
    program.dispatch(
      embeddingGather(width),
      { step, rowTokens, tokens, embeddings: flow.weights.embeddings, out: values },
      elementGrid((sizes) => sizes.rows, width, embeddingGatherSize),
    );
  });
  if (!training) return { kind: "rows", width, values };
  const gradient = arena.tensor("dEmbedded", [capacity.rows, width]);
  const sums = arena.tensor("sums", [capacity.tasks, width]);
  recorder.backward.push((program) => {
    const { step, groupTasks, taskTokens } = plan;
    program.dispatch(
      assignSlots(),
      { step, groupTasks, taskTokens, slots },
      elementGrid((sizes) => sizes.distinct, 1, assignSlotsSize),
    );
    recordEmbeddingGradient(recorder, program, flow, { dz: gradient, columns: width, sums });
  });
  return { kind: "rows", width, values, gradient };
}

/** Records the embedding table's gradient from the derivative of every state row. */
export function recordEmbeddingGradient(
  recorder: Recorder,
  program: Program<StepValues>,
  flow: TokenFlow,
  { dz, columns, sums, kernel }: { dz: Tensor; columns: number; sums: Tensor; kernel?: Tensor },
): void {
  const { step, groupTasks, taskTokens, taskStarts, tokenRows } = recorder.plan;
  const { vocabulary, width } = flow;
  program.dispatch(
    sumByToken(columns),
    { step, taskStarts, tokenRows, dz, sums },
    elementGrid((sizes) => sizes.tasks, columns, sumByTokenSize),
  );
  program.dispatch(
    embeddingGradient({ vocabulary, width, columns, projected: kernel !== undefined }),
    {
      step,
      slots: recorder.slots,
      groupTasks,
      taskTokens,
      sums,
      ...(kernel ? { kernel } : {}),
      dEmbeddings: flow.gradients!.embeddings,
    },
    () => workgroups(Math.ceil((vocabulary * width) / embeddingGradientSize)),
  );
}

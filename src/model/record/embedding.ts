import {
  embeddingGather,
  embeddingGradient,
  embeddingGradientNarrow,
  narrowLanes,
  sumByToken,
  sumByTokenGroups,
  sumByTokenNarrow,
  type StepValues,
} from "../../kernels";
import type { Program } from "../../runtime/program";
import type { Tensor } from "../../runtime/tensor";
import type { WeightTensors } from "../parameters";
import {
  dispatch,
  newFlow,
  tableParts,
  wantsGradient,
  type Flow,
  type Recorder,
  type RowFlow,
} from "./recorder";
import { recordSumPartials } from "./weight-gradient";

type TokenFlow = Extract<Flow, { kind: "tokens" }>;

/** What a layer takes that is not made for tokens: their embeddings are written out. */
export function writtenOut<Input extends Flow>(
  recorder: Recorder,
  input: Input,
): Exclude<Input, TokenFlow> | RowFlow<"rows"> {
  return input.kind === "tokens" ? gatherEmbeddings(recorder, input) : (input as Exclude<Input, TokenFlow>);
}

/** Writes the embeddings out, a row for each state row, for layers that are not recurrent. */
function gatherEmbeddings(recorder: Recorder, flow: TokenFlow): RowFlow<"rows"> {
  const { width } = flow;
  const output = newFlow(recorder, "embedded", "rows", width, wantsGradient(recorder, flow), flow.mask);
  recorder.forward.push((program) => {
    for (const [embeddings, part] of tableParts(flow.weights.embeddings)) {
      dispatch(recorder, program, embeddingGather(width, part), { embeddings, out: output.values });
    }
  });
  const dz = output.gradient;
  if (dz) {
    const sums = recorder.arena.tensor("sums", [recorder.capacity.tasks, width]);
    recorder.backward.push((program) => {
      recordSumByToken(recorder, program, dz, sums);
      recordEmbeddingGradient(recorder, program, flow, sums);
    });
  }
  return output;
}

/** Records the sums of the derivatives of all state rows that have the same token. */
export function recordSumByToken(
  recorder: Recorder,
  program: Program<StepValues>,
  dz: Tensor,
  sums: Tensor,
): void {
  const columns = sums.shape[1];
  const narrow = recorder.shape === "narrow" && sumByTokenGroups(columns) !== undefined;
  dispatch(recorder, program, (narrow ? sumByTokenNarrow : sumByToken)(columns), { dz, sums });
}

/** Records the embedding table's gradient from the sums by token. */
export function recordEmbeddingGradient(
  recorder: Recorder,
  program: Program<StepValues>,
  flow: TokenFlow,
  sums: Tensor,
  kernel?: Tensor,
): void {
  const { width } = flow;
  const columns = sums.shape[1];
  for (const [dEmbeddings, part] of tableParts(flow.gradients!.embeddings)) {
    program.clear(dEmbeddings);
    const gradient = embeddingGradient({ width, columns, projected: kernel !== undefined, part });
    dispatch(recorder, program, gradient, { sums, kernel, dEmbeddings });
  }
}

/** Records the gradients of the table and of the input kernel, as far as they are trained, where they can stay in registers. */
export function recordEmbeddingGradientNarrow(
  recorder: Recorder,
  program: Program<StepValues>,
  flow: TokenFlow,
  sums: Tensor,
  kernel: Tensor,
  gradients: WeightTensors | undefined,
): void {
  const dEmbeddings = flow.gradients?.embeddings;
  const options = {
    width: flow.width,
    columns: sums.shape[1],
    useBias: gradients?.bias !== undefined,
    table: dEmbeddings !== undefined,
  };
  if (dEmbeddings) program.clear(dEmbeddings);
  const tensors = { ...flow.weights, sums, kernel, dEmbeddings };
  dispatch(recorder, program, embeddingGradientNarrow(options), tensors);
  if (gradients) recordSumPartials(recorder, program, narrowLanes, gradients);
}

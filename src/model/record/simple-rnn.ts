import { simpleRnnCell } from "../../kernels/cells/simple-rnn";
import { embedProject, embedProjectSize } from "../../kernels/embed-project";
import { embedProjectNarrow } from "../../kernels/embed-project-narrow";
import { linear, linearSize } from "../../kernels/linear";
import { linearInputGradient, linearInputGradientSize } from "../../kernels/linear-input-gradient";
import { reverseRows, reverseRowsSize } from "../../kernels/reverse-rows";
import type { ScanOptions } from "../../kernels/scan";
import { scanBackwardNarrow, sumsRecurrentGradient } from "../../kernels/scan-backward-narrow";
import { scanBackwardWide } from "../../kernels/scan-backward-wide";
import { scanForwardNarrow } from "../../kernels/scan-forward-narrow";
import { scanForwardWide } from "../../kernels/scan-forward-wide";
import { maxOwnMatrix, maxOwnSums, narrowSize, narrowWorkgroups } from "../../kernels/shared/narrow";
import { workgroups, type GridOf } from "../../runtime/program";
import type { StepValues } from "../../kernels/shared/step";
import type { Tensor } from "../../runtime/tensor";
import type { SimpleRnnConfig } from "../layers";
import type { WeightTensors } from "../parameters";
import { recordEmbeddingGradient, recordEmbeddingGradientNarrow, recordSumByToken } from "./embedding";
import {
  elementGrid,
  firstSample,
  recordSumPartials,
  recordWeightGradient,
  type Flow,
  type Recorder,
} from "./recorder";

type SequenceFlow = Extract<Flow, { kind: "tokens" | "rows" }>;

/** The recurrence takes the shared padding first, then the samples that branch off it. */
interface Part {
  part: ScanOptions["part"];
  grid: GridOf<StepValues>;
}

function parts(recorder: Recorder): Part[] {
  const samples: GridOf<StepValues> =
    recorder.shape === "wide"
      ? (sizes) => workgroups(sizes.samples)
      : (sizes) => workgroups(Math.ceil(sizes.samples / narrowSize));
  if (!recorder.layout.sharePrefix) return [{ part: "all", grid: samples }];
  return [
    { part: "prefix", grid: () => [1] },
    { part: "samples", grid: samples },
  ];
}

/** Records a SimpleRNN layer: projection, scan, and their gradients. */
export function recordSimpleRnn(
  recorder: Recorder,
  config: SimpleRnnConfig,
  input: SequenceFlow,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
): Flow {
  const { arena, capacity, training } = recorder;
  const { units, returnSequences } = config;
  const fromTokens = input.kind === "tokens";
  const options = {
    units,
    cell: simpleRnnCell(config.activation),
    source: fromTokens ? "tokens" : "rows",
    masked: fromTokens && input.masked,
    reverse: config.goBackwards,
  } as const;
  const projected = arena.tensor("projected", [fromTokens ? capacity.distinct : capacity.rows, units]);
  const h = arena.tensor("h", [capacity.rows, units]);
  recordForward(recorder, options, input, weights, projected, h);

  const kind = returnSequences ? "rows" : "last";
  if (!training) return { kind, width: units, values: h };
  const gradient = arena.tensor(returnSequences ? "dSequence" : "dLast", [
    returnSequences ? capacity.rows : capacity.samples,
    units,
  ]);
  const dz = arena.tensor("dz", [capacity.rows, units]);
  const dOrigin = arena.tensor("dOrigin", [capacity.samples + 1, units]);
  const sums = arena.tensor("sums", [fromTokens ? capacity.tasks : 1, units]);
  const reversed =
    !fromTokens && config.goBackwards ? arena.tensor("dInput", [capacity.rows, units]) : undefined;
  recorder.backward.push((program) => {
    const { step, segments, tokens } = recorder.plan;
    const narrow = recorder.shape === "narrow";
    const sumsKernel = narrow && sumsRecurrentGradient(units, options.cell.gates);
    const groups = Math.min(narrowWorkgroups, Math.ceil(capacity.samples / narrowSize));
    const lanes = groups * narrowSize;
    const { partials } = recorder;
    for (const { part, grid } of parts(recorder).reverse()) {
      const scan = { ...options, part, sequences: returnSequences };
      program.dispatch(
        narrow ? scanBackwardNarrow(scan, lanes) : scanBackwardWide(scan),
        {
          step,
          segments,
          ...(options.masked ? { tokens } : {}),
          recurrentKernel: weights.recurrentKernel,
          h,
          ...(returnSequences ? { dSequence: gradient } : part === "prefix" ? {} : { dLast: gradient }),
          dz,
          dOrigin,
          ...(sumsKernel ? { partials } : {}),
        },
        narrow && part !== "prefix" ? () => [groups] : grid,
      );
    }
    if (sumsKernel) {
      const chunks = recorder.layout.sharePrefix ? lanes + 1 : lanes;
      recordSumPartials(program, partials, chunks, gradients!.recurrentKernel);
    } else {
      recordWeightGradient(
        recorder,
        program,
        { inputs: units, outputs: units, rows: "above", count: "rows" },
        { x: h, dz, kernel: gradients!.recurrentKernel },
      );
    }
    if (input.kind === "tokens") {
      recordSumByToken(recorder, program, { dz, columns: units, sums });
      const toTable = { columns: units, sums, kernel: weights.kernel };
      if (narrow && input.width * units <= maxOwnSums) {
        recordEmbeddingGradientNarrow(recorder, program, input, toTable, gradients!);
      } else {
        recordEmbeddingGradient(recorder, program, input, toTable);
        recordWeightGradient(
          recorder,
          program,
          { inputs: input.width, outputs: units, rows: "token", count: "tasks" },
          { x: input.weights.embeddings, dz: sums, kernel: gradients!.kernel, bias: gradients!.bias },
        );
      }
    } else {
      let dInput = dz;
      if (reversed) {
        dInput = reversed;
        program.dispatch(
          reverseRows(units),
          { step, segments, x: dz, out: dInput },
          elementGrid((sizes) => sizes.segments, units, reverseRowsSize),
        );
      }
      recordWeightGradient(
        recorder,
        program,
        { inputs: input.width, outputs: units, rows: "same", count: "rows" },
        { x: input.values, dz: dInput, kernel: gradients!.kernel, bias: gradients!.bias },
      );
      program.dispatch(
        linearInputGradient(input.width, units, "rows"),
        { step, dz: dInput, kernel: weights.kernel, dx: input.gradient! },
        elementGrid((sizes) => sizes.rows, input.width, linearInputGradientSize),
      );
    }
  });
  return { kind, width: units, values: h, gradient };
}

function recordForward(
  recorder: Recorder,
  options: Omit<ScanOptions, "part">,
  input: SequenceFlow,
  weights: WeightTensors,
  projected: Tensor,
  h: Tensor,
): void {
  const { plan, slots, layout } = recorder;
  const { kernel, bias, recurrentKernel } = weights;
  const withBias: Record<string, Tensor> = bias ? { bias } : {};
  recorder.forward.push((program) => {
    const { step, segments, tokens, groupTasks, taskTokens } = plan;
    if (input.kind === "tokens") {
      const { embeddings } = input.weights;
      const narrow = recorder.shape === "narrow" && input.width * options.units <= maxOwnMatrix;
      const project = narrow ? embedProjectNarrow : embedProject;
      program.dispatch(
        project(input.width, options.units, bias !== undefined),
        { step, groupTasks, taskTokens, embeddings, kernel, ...withBias, projected, slots },
        narrow
          ? () => [narrowWorkgroups]
          : elementGrid((sizes) => sizes.distinct, options.units, embedProjectSize),
      );
    } else {
      program.dispatch(
        linear({
          inputs: input.width,
          outputs: options.units,
          useBias: bias !== undefined,
          activation: "linear",
          rows: "same",
          count: "rows",
          first: firstSample(layout),
        }),
        { step, x: input.values, kernel, ...withBias, out: projected },
        elementGrid((sizes) => sizes.rows, options.units, linearSize),
      );
    }
    for (const { part, grid } of parts(recorder)) {
      const scan = recorder.shape === "wide" ? scanForwardWide : scanForwardNarrow;
      program.dispatch(
        scan({ ...options, part }),
        {
          step,
          segments,
          ...(options.source === "tokens" ? { tokens, slots } : {}),
          projected,
          recurrentKernel,
          h,
        },
        grid,
      );
    }
  });
}

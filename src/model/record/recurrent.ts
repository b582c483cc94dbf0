import {
  embedProject,
  embedProjectNarrow,
  maxOwnMatrix,
  narrowSize,
  narrowWorkgroups,
  scanBackward,
  scanForm,
  scanForward,
  sumsRecurrentGradient,
  type ScanBackwardOptions,
  type ScanForm,
  type ScanForwardOptions,
  type ScanOptions,
  type ScanPart,
  type StepValues,
} from "../../kernels";
import type { Program } from "../../runtime/program";
import type { Tensor } from "../../runtime/tensor";
import { cellOf } from "../cells";
import type { RecurrentLayer } from "../layers";
import type { WeightTensors } from "../parameters";
import { recordInputGradient } from "./input-gradient";
import { recordLinear } from "./linear";
import { dispatch, wantsGradient, type Recorder, type RowFlow, type SequenceFlow } from "./recorder";
import { recordSumPartials, recordWeightGradient } from "./weight-gradient";
import type { LoopWindow, Recurrence, RecurrentTensors } from "./recurrence";
import { scanDispatches, type ScanDispatch } from "./scan-dispatches";
import { recordStates } from "./state";

/**
 * Records a recurrent layer in a window: projection, scan, and their gradients.
 *
 * @returns the states: of every step, or the last ones
 */
export function recordRecurrent(
  recorder: Recorder,
  config: RecurrentLayer,
  input: SequenceFlow,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
  window: LoopWindow,
  accumulate: boolean,
): RowFlow<"rows"> | RowFlow<"last"> {
  const { arena, capacity } = recorder;
  const training = gradients !== undefined || wantsGradient(recorder, input);
  const { units, returnSequences } = config;
  const cell = cellOf(config);
  const options: ScanOptions = {
    units,
    cell,
    source: input.kind === "tokens" ? "tokens" : "rows",
    masked: input.mask?.by ?? false,
    recurrentBias: config.className === "GRU" && config.resetAfter && config.useBias,
    dropout: config.recurrentDropout,
    stream: ++recorder.streams.next,
  };
  const columns = units * cell.gates;
  const tensors = recurrentTensors(recorder, options, columns, training);
  const recurrence: Recurrence = {
    ...{ recorder, config, options, input, weights, gradients },
    ...{ columns, tensors, window },
  };
  const dispatches = scanDispatches(recorder, config.goBackwards);
  recordForward(recurrence, dispatches, training);
  const output = { kind: returnSequences ? "rows" : "last", width: units, values: tensors.h } as const;
  if (!training) return output;
  const gradient = returnSequences
    ? arena.tensor("dSequence", [capacity.rows, units])
    : arena.tensor("dLast", [capacity.samples, units]);
  recordBackward(recurrence, dispatches, gradient, accumulate);
  return { ...output, gradient };
}

function recurrentTensors(
  { arena, capacity }: Recorder,
  { units, cell, source, dropout }: ScanOptions,
  columns: number,
  training: boolean,
): RecurrentTensors {
  const rows = (label: string, width: number): Tensor => arena.tensor(label, [capacity.rows, width]);
  const projectedRows = source === "tokens" ? capacity.distinct : capacity.rows;
  const dz = training ? rows("dz", columns) : undefined;
  return {
    projected: arena.tensor("projected", [projectedRows, columns]),
    h: rows("h", units),
    c: cell.memory ? rows("c", units) : undefined,
    gates: dz,
    dz,
    extra: training && cell.lastGate !== undefined ? rows("extra", units) : undefined,
    inputs: training && dropout > 0 ? rows("inputs", units) : undefined,
  };
}

const formOf = ({ shape }: Recorder, { units, cell }: ScanOptions, part: ScanPart): ScanForm =>
  scanForm(shape, units, cell.gates, part);

/** What the scans bind. */
const boundBy = ({ weights, input, tensors, window }: Recurrence): Record<string, Tensor | undefined> => ({
  ...weights,
  ...input.mask?.tensors,
  ...tensors,
  step: window.step,
  dOrigin: window.dOrigin,
});

/** Records the projection, x·kernel + bias of every distinct token or of every row, and the states behind it. */
function recordForward(recurrence: Recurrence, dispatches: readonly ScanDispatch[], training: boolean): void {
  const { recorder, options, input, weights, columns, tensors, window } = recurrence;
  const bound = boundBy(recurrence);
  recorder.forward.push((program, trains) => {
    if (input.kind === "tokens") {
      const narrow = recorder.shape === "narrow" && input.width * columns <= maxOwnMatrix;
      const project = narrow ? embedProjectNarrow : embedProject;
      const kernel = project(input.width, columns, "bias" in weights);
      dispatch(recorder, program, kernel, { ...weights, ...input.weights, projected: tensors.projected });
    } else {
      recordLinear(recorder, program, { ...weights, x: input.values, out: tensors.projected });
    }
    recordStates(recurrence, program, false);
    const scan: ScanForwardOptions = {
      ...options,
      dropout: trains ? options.dropout : 0,
      resumes: window.begin !== undefined,
      keep: trains && training,
    };
    for (const { part, chunk, over } of dispatches) {
      const kernel = over(scanForward(formOf(recorder, options, part), scan));
      dispatch(recorder, program, kernel, { ...bound, chunk });
    }
    if (window.carries || !trains) recordStates(recurrence, program, true);
  });
}

/** Records the derivatives by z, backward in time, and with them the gradients of the weights and of the input. */
function recordBackward(
  recurrence: Recurrence,
  dispatches: readonly ScanDispatch[],
  gradient: Tensor,
  accumulate: boolean,
): void {
  const { recorder, config, options, gradients } = recurrence;
  const { capacity, layout } = recorder;
  const bound = boundBy(recurrence);
  const derivatives = { dSequence: gradient, dLast: gradient };
  const recordInput = recordInputGradient(recurrence, accumulate);
  const lanes = narrowSize * Math.min(narrowWorkgroups, Math.ceil(capacity.samples / narrowSize));
  const scan: ScanBackwardOptions = { ...options, sequences: config.returnSequences };
  const sums = formOf(recorder, options, "all") === "narrow" && sumsRecurrentGradient(scan);
  recorder.backward.push((program) => {
    for (const { part, last, chunk, over } of dispatches.toReversed()) {
      // The last chunk begins the partial sums, also where no sample reaches into it.
      const kernel = over(scanBackward(formOf(recorder, options, part), scan, lanes), sums && last);
      dispatch(recorder, program, kernel, { ...bound, ...derivatives, chunk });
    }
    if (gradients && sums) {
      const chunks = layout.sharePrefix ? lanes + 1 : lanes;
      recordSumPartials(recorder, program, chunks, { kernel: gradients.recurrentKernel });
    } else if (gradients) {
      recordRecurrentGradients(recurrence, gradients, program);
    }
    recordInput(program);
  });
}

/** Records the gradients of the recurrent kernel and its bias, the gates in groups of one and the same input. */
function recordRecurrentGradients(
  { recorder, options, columns, tensors }: Recurrence,
  gradients: WeightTensors,
  program: Program<StepValues>,
): void {
  const { units, cell, recurrentBias } = options;
  const { h, inputs, extra } = tensors;
  const dz = tensors.dz!;
  const { recurrentKernel: kernel, bias } = gradients;
  const own: WeightTensors = recurrentBias ? { kernel, bias } : { kernel };
  const state = inputs ? ({ x: inputs, rows: "same" } as const) : ({ x: h, rows: "above" } as const);
  /** Of `count` gates from `gate` on, whose derivatives lie in rows of `stride` from `offset` on. */
  const record = (
    gate: number,
    count: number,
    { x, rows }: { x: Tensor; rows: "same" | "above" },
    [derivatives, stride, offset]: readonly [Tensor, number, number],
  ): void => {
    const first = gate * units;
    recordWeightGradient(
      recorder,
      program,
      { inputs: units, outputs: count * units, stride, offset, rows, count: "rows" },
      { x, dz: derivatives, ...own },
      { stride: columns, first, biasFirst: columns + first },
    );
  };
  const last = cell.gates - 1;
  record(0, cell.lastGate ? last : cell.gates, state, [dz, columns, 0]);
  if (cell.lastGate === "product") record(last, 1, state, [extra!, units, 0]);
  if (cell.lastGate === "input") record(last, 1, { x: extra!, rows: "same" }, [dz, columns, last * units]);
}

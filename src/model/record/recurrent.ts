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
import {
  dispatch,
  recordSumPartials,
  recordWeightGradient,
  wantsGradient,
  type Recorder,
  type RowFlow,
  type SequenceFlow,
} from "./recorder";
import type { Recurrence, RecurrentTensors } from "./recurrence";
import { scanDispatches } from "./scan-dispatches";
import { keptStates } from "./state";

/**
 * Records a recurrent layer: projection, scan, and their gradients.
 *
 * @returns the states: of every step, or the last ones
 */
export function recordRecurrent(
  recorder: Recorder,
  config: RecurrentLayer,
  input: SequenceFlow,
  weights: WeightTensors,
  gradients: WeightTensors | undefined,
  accumulate = false,
): RowFlow<"rows"> | RowFlow<"last"> {
  const { arena, capacity, layout } = recorder;
  const training = gradients !== undefined || wantsGradient(recorder, input);
  const { units, returnSequences, recurrentDropout: dropout } = config;
  const cell = cellOf(config);
  const fromTokens = input.kind === "tokens";
  const columns = units * cell.gates;
  const options: ScanOptions = {
    units,
    cell,
    source: fromTokens ? "tokens" : "rows",
    masked: input.mask?.by ?? false,
    recurrentBias: config.className === "GRU" && config.resetAfter && config.useBias,
    dropout,
    stream: recorder.nextStream(),
  };
  const dispatches = scanDispatches(recorder, config.goBackwards);
  const formOf = (part: ScanPart): ScanForm => scanForm(recorder.shape, units, cell.gates, part);
  const rows = (label: string, width: number): Tensor => arena.tensor(label, [capacity.rows, width]);
  const projected = arena.tensor("projected", [fromTokens ? capacity.distinct : capacity.rows, columns]);
  const h = rows("h", units);
  const c = cell.memory ? rows("c", units) : undefined;
  const dz = training ? rows("dz", columns) : undefined;
  const extra = training && cell.lastGate !== undefined ? rows("extra", units) : undefined;
  const inputs = training && dropout > 0 ? rows("inputs", units) : undefined;
  const tensors: RecurrentTensors = { projected, h, c, gates: dz, dz, extra, inputs };
  const recurrence: Recurrence = { recorder, config, options, input, weights, gradients, columns, tensors };
  const bound = { ...weights, ...input.mask?.tensors, ...tensors };

  const carries = config.stateful || layout.carriesState;
  const recordStates = carries || config.returnState ? keptStates(recurrence, carries) : undefined;
  recorder.forward.push((program, trains) => {
    // x·kernel + bias: of every distinct token, or of every row.
    if (input.kind === "tokens") {
      const narrow = recorder.shape === "narrow" && input.width * columns <= maxOwnMatrix;
      const project = narrow ? embedProjectNarrow : embedProject;
      const kernel = project(input.width, columns, "bias" in weights);
      dispatch(recorder, program, kernel, { ...bound, ...input.weights });
    } else {
      recordLinear(recorder, program, { ...weights, x: input.values, out: projected });
    }
    if (carries) recordStates?.(program, false);
    const scan: ScanForwardOptions = {
      ...options,
      dropout: trains ? dropout : 0,
      resumes: carries,
      keep: trains && training,
    };
    for (const { part, chunk, over } of dispatches) {
      dispatch(recorder, program, over(scanForward(formOf(part), scan)), { ...bound, chunk });
    }
    if (carries || !trains) recordStates?.(program, true);
  });

  const output = { kind: returnSequences ? "rows" : "last", width: units, values: h } as const;
  if (!training) return output;
  const gradient = returnSequences
    ? rows("dSequence", units)
    : arena.tensor("dLast", [capacity.samples, units]);
  const dOrigin = arena.tensor("dOrigin", [capacity.samples + 1, cell.memory ? 2 * units : units]);
  const recordInput = recordInputGradient(recurrence, accumulate);
  const lanes = narrowSize * Math.min(narrowWorkgroups, Math.ceil(capacity.samples / narrowSize));
  recorder.backward.push((program) => {
    const scan: ScanBackwardOptions = { ...options, sequences: returnSequences };
    const sums = formOf("all") === "narrow" && sumsRecurrentGradient(scan);
    for (const { part, last, chunk, over } of dispatches.toReversed()) {
      // The last chunk begins the partial sums, also where no sample reaches into it.
      const kernel = over(scanBackward(formOf(part), scan, lanes), sums && last);
      const derivatives = { dSequence: gradient, dLast: gradient, dOrigin };
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
  return { ...output, gradient };
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

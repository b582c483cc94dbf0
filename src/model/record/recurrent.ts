import {
  embedProject,
  embedProjectNarrow,
  gatesFrom,
  maxOwnMatrix,
  narrowSize,
  narrowWorkgroups,
  scanBackward,
  scanForm,
  scanForward,
  sumsRecurrentGradient,
  type ScanBackwardOptions,
  type ScanForwardOptions,
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
  type Flow,
  type Recorder,
  type SequenceFlow,
} from "./recorder";
import type { Recurrence } from "./recurrence";
import { scanDispatches } from "./scan-dispatches";
import { carriedState, returnedState } from "./state";

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
): Exclude<Flow, { kind: "tokens" | "samples" }> {
  const { arena, capacity } = recorder;
  const training = gradients !== undefined || wantsGradient(recorder, input);
  const { units, returnSequences, recurrentDropout } = config;
  const cell = cellOf(config);
  const fromTokens = input.kind === "tokens";
  const columns = units * cell.gates;
  const rows = (label: string, width: number): Tensor => arena.tensor(label, [capacity.rows, width]);
  const recurrence: Recurrence = {
    recorder,
    config,
    options: {
      units,
      cell,
      source: fromTokens ? "tokens" : "rows",
      masked: input.mask?.by ?? false,
      recurrentBias: config.className === "GRU" && config.resetAfter && config.useBias,
      dropout: recurrentDropout,
      stream: recorder.nextStream(),
    },
    dispatches: scanDispatches(recorder, config.goBackwards),
    input,
    weights,
    gradients,
    formOf: (part) => scanForm(recorder.shape, units, cell.gates, part),
    columns,
    projected: arena.tensor("projected", [fromTokens ? capacity.distinct : capacity.rows, columns]),
    h: rows("h", units),
    c: cell.memory ? rows("c", units) : undefined,
    dz: training ? rows("dz", columns) : undefined,
    extra: training && cell.lastGate !== undefined ? rows("extra", units) : undefined,
    inputs: training && recurrentDropout > 0 ? rows("inputs", units) : undefined,
  };
  recordForward(recurrence);
  const { h } = recurrence;
  const kind = returnSequences ? "rows" : "last";
  if (!training) return { kind, width: units, values: h };
  const gradient = arena.tensor(returnSequences ? "dSequence" : "dLast", [
    returnSequences ? capacity.rows : capacity.samples,
    units,
  ]);
  recordBackward(recurrence, gradient, accumulate);
  return { kind, width: units, values: h, gradient };
}

function recordForward(recurrence: Recurrence): void {
  const { recorder, config, options, dispatches, input, weights, formOf } = recurrence;
  const { projected, h, c, dz, extra, inputs } = recurrence;
  const { bias, recurrentKernel } = weights;
  const carries = config.stateful || recorder.layout.carriesState;
  const state = carries ? carriedState(recurrence) : undefined;
  const returned = config.returnState && !carries ? returnedState(recurrence) : undefined;
  recorder.forward.push((program, training) => {
    projectInput(recurrence, program);
    state?.restore(program);
    const scan: ScanForwardOptions = {
      ...options,
      dropout: training ? options.dropout : 0,
      resumes: carries,
      keep: training && recurrence.dz !== undefined,
    };
    for (const { part, chunk, over } of dispatches) {
      dispatch(recorder, program, over(scanForward(formOf(part), scan)), {
        chunk,
        ...input.mask?.tensors,
        projected,
        recurrentKernel,
        bias,
        h,
        c,
        gates: dz,
        extra,
        inputs,
      });
    }
    state?.save(program);
    if (!training) returned?.save(program);
  });
}

/** Records x·kernel + bias: of every distinct token, or of every row. */
function projectInput(recurrence: Recurrence, program: Program<StepValues>): void {
  const { recorder, input, weights, columns, projected } = recurrence;
  const { kernel, bias } = weights;
  if (input.kind !== "tokens") {
    recordLinear(recorder, program, { x: input.values, kernel, bias, out: projected });
    return;
  }
  const { embeddings } = input.weights;
  const narrow = recorder.shape === "narrow" && input.width * columns <= maxOwnMatrix;
  dispatch(
    recorder,
    program,
    (narrow ? embedProjectNarrow : embedProject)(input.width, columns, bias !== undefined),
    { embeddings, kernel, bias, projected },
  );
}

function recordBackward(recurrence: Recurrence, gradient: Tensor, accumulate: boolean): void {
  const { recorder, config, options, dispatches, input, weights, gradients, formOf } = recurrence;
  const { h, c, dz, extra } = recurrence;
  const { units, returnSequences } = config;
  const { arena, capacity } = recorder;
  const states = options.cell.memory ? 2 : 1;
  const dOrigin = arena.tensor("dOrigin", [capacity.samples + 1, states * units]);
  const record = recordInputGradient(recurrence, accumulate);
  const { recurrentKernel } = weights;
  const lanes = narrowSize * Math.min(narrowWorkgroups, Math.ceil(capacity.samples / narrowSize));
  recorder.backward.push((program) => {
    const scan: ScanBackwardOptions = { ...options, sequences: returnSequences };
    const sums = formOf("all") === "narrow" && sumsRecurrentGradient(scan);
    for (const { part, last, chunk, over } of dispatches.toReversed()) {
      // The last chunk begins the partial sums, also where no sample reaches into it.
      const kernel = over(scanBackward(formOf(part), scan, lanes), sums && last);
      dispatch(recorder, program, kernel, {
        chunk,
        ...input.mask?.tensors,
        recurrentKernel,
        h,
        c,
        dSequence: gradient,
        dLast: gradient,
        dz,
        extra,
        dOrigin,
      });
    }
    if (sums) {
      const chunks = recorder.layout.sharePrefix ? lanes + 1 : lanes;
      if (gradients) recordSumPartials(recorder, program, chunks, { kernel: gradients.recurrentKernel });
    } else if (gradients) {
      recordRecurrentGradients(recurrence, gradients, program);
    }
    record(program);
  });
}

/** Records the gradients of the recurrent kernel and its bias, the gates in groups of one and the same input. */
function recordRecurrentGradients(
  recurrence: Recurrence,
  gradients: WeightTensors,
  program: Program<StepValues>,
): void {
  const { recorder, options, columns, h, extra, inputs } = recurrence;
  const { units, cell, recurrentBias } = options;
  const dz = recurrence.dz!;
  const kernel = gradients.recurrentKernel;
  const bias = recurrentBias ? gradients.bias : undefined;
  const fromState = inputs ? ({ x: inputs, rows: "same" } as const) : ({ x: h, rows: "above" } as const);
  const last = cell.gates - 1;
  const apart = cell.lastGate !== undefined;
  const together = apart ? last : cell.gates;
  recordWeightGradient(
    recorder,
    program,
    {
      inputs: units,
      outputs: together * units,
      stride: columns,
      offset: 0,
      rows: fromState.rows,
      count: "rows",
    },
    { x: fromState.x, dz, kernel, bias },
    { stride: columns, first: 0, biasFirst: columns },
  );
  if (!apart) return;
  const takesState = gatesFrom(cell, "h").includes(last);
  const first = last * units;
  recordWeightGradient(
    recorder,
    program,
    {
      inputs: units,
      outputs: units,
      stride: takesState ? units : columns,
      offset: takesState ? 0 : first,
      rows: takesState ? fromState.rows : "same",
      count: "rows",
    },
    { x: takesState ? fromState.x : extra!, dz: takesState ? extra! : dz, kernel, bias },
    { stride: columns, first, biasFirst: columns + first },
  );
}

import type { Masked, ScanForm, SizedKernel, StepValues, TablePart } from "../../kernels";
import type { Arena } from "../../runtime/arena";
import type { Program } from "../../runtime/program";
import type { Tensor } from "../../runtime/tensor";
import type { BatchCapacity, BatchLayout } from "../batch-layout";
import type { WeightTensors } from "../parameters";

/** Dispatches to be recorded into a program. */
export type Recording = (program: Program<StepValues>, training: boolean) => void;

/** Where layers leave their dispatches. */
export interface Recordings {
  push: (record: Recording) => unknown;
}

/** Steps [begin, end) of the time loop: those of one dispatch. The last ones end with each segment, at Infinity. */
export interface ScanSteps {
  begin: number;
  end: number;
}

/** The steps that count, and what kernels bind to know them. */
export interface Mask {
  by: Exclude<Masked, false>;
  tensors: Record<string, Tensor>;
}

/** What lies between two layers, and where its derivative goes: nowhere if no layer before is trained. */
export type Flow =
  /** Token ids: the embedding waits to see whether a recurrent layer takes it projected. */
  | { kind: "tokens"; width: number; mask?: Mask; weights: WeightTensors; gradients?: WeightTensors }
  /** A sequence: one row for each state row. */
  | RowFlow<"rows">
  /** State rows of which only the last of each sample counts; the derivative has a row per sample. */
  | RowFlow<"last">
  /** One row for each sample. */
  | RowFlow<"samples">;

export interface RowFlow<Kind> {
  kind: Kind;
  width: number;
  /** Of a sequence. */
  mask?: Mask;
  values: Tensor;
  gradient?: Tensor;
}

/** Memory for what a layer gives, and for the derivative by it where that is wanted. */
export function newFlow<Kind extends "rows" | "samples">(
  { arena, capacity }: Recorder,
  label: string,
  kind: Kind,
  width: number,
  wanted: Tensor | boolean | undefined,
  mask?: Mask,
): RowFlow<Kind> {
  const shape = [capacity[kind], width];
  const values = arena.tensor(label, shape);
  return { kind, width, mask, values, gradient: wanted ? arena.tensor(`d ${label}`, shape) : undefined };
}

/** Whether a derivative by this is wanted. */
export function wantsGradient({ training }: Recorder, flow: Flow): boolean {
  return training && (flow.kind === "tokens" ? flow.gradients : flow.gradient) !== undefined;
}

/** What a layer on sequences takes. */
export type SequenceFlow = Extract<Flow, { kind: "tokens" | "rows" }>;

/** Everything that layers need while they record themselves. */
export interface Recorder {
  arena: Arena;
  layout: BatchLayout;
  capacity: BatchCapacity;
  shape: ScanForm;
  /**
   * What kernels bind by its name: the sections of the batch plan, the `tokens` of the data set, in `slots` the number
   * of each token in the batch, and `partials`, scratch for partial sums, as long as the largest kernel needs; all
   * users take turns.
   */
  plan: Record<string, Tensor>;
  /** How the time loop is cut into dispatches. */
  chunks: readonly ScanSteps[];
  /** Samples of the whole batch of which `capacity` may be a part. */
  samples: number;
  /** Whether batches are taken in parts, or samples in windows of time. */
  divides: boolean;
  /** Number of the window of time. */
  window: number;
  /** States that stateful layers carry from batch to batch. */
  carried: Tensor[];
  /** Last states of the samples, of layers that return them. */
  returned: Tensor[];
  /** Numbers of the users of random numbers in this model. */
  streams: { next: number };
  /** Whether gradients are wanted, of the layers that are trained. */
  training: boolean;
  forward: Recordings;
  /** Recorded in reverse order. */
  backward: Recordings;
  /** What counts the outputs that have a part in the loss, where only the device knows: before any part of a batch. */
  counting: Recordings;
  /** What follows the last part of a batch. */
  ends: Recordings;
  /** Where a gradient's values of a batch's parts, and of a sample's windows, are added up. */
  sumOf: (gradient: Tensor) => Tensor;
  /** How many layers before have changed the number of steps. */
  stage: number;
  /** The dispatch of a layer of this stage: its grid follows from the stage's sizes. */
  inStage: (record: Recording) => Recording;
}

/**
 * Records a dispatch. Of the plan and of the tensors given, which come first, the kernel gets those that this variant
 * of it declares.
 */
export function dispatch(
  { plan }: Pick<Recorder, "plan">,
  program: Program<StepValues>,
  kernel: SizedKernel,
  tensors: Readonly<Record<string, Tensor | undefined>>,
): void {
  const all = { ...plan, ...tensors };
  const declared = Object.keys(kernel.bindings).flatMap((name) => {
    const tensor = all[name];
    return tensor ? [[name, tensor] as const] : [];
  });
  program.dispatch(kernel, Object.fromEntries(declared), kernel.grid);
}

/**
 * Records a layer that is one kernel, and one more for the derivative by its input where that is wanted. They bind
 * what the layer takes and gives as `x` and `out`, the derivatives as `dx` and `dOut`, and `others`.
 *
 * @param behind the recorder of the stage that the layer opens: its steps are windows, its segments `windows`
 */
export function recordKernels(
  recorder: Recorder,
  [forward, backward]: readonly [SizedKernel, SizedKernel],
  { values: x, gradient: dx }: RowFlow<unknown>,
  { values: out, gradient: dOut }: RowFlow<unknown>,
  others: Readonly<Record<string, Tensor | undefined>> = {},
  behind = recorder,
): void {
  const { step, segments: windows } = behind.plan;
  const tensors = { x, out, dx, dOut, windows, ...others };
  behind.forward.push((program) => {
    dispatch(recorder, program, forward, { ...tensors, step });
  });
  if (!dOut) return;
  recorder.backward.push((program) => {
    dispatch(recorder, program, backward, tensors);
  });
}

/** A recorder whose dispatches find other sizes: their grids follow from them. */
export function withSizes(recorder: Recorder, sizesOf: (sizes: StepValues) => StepValues): Recorder {
  const inside =
    (record: Recording): Recording =>
    (program, training) => {
      program.within(sizesOf, () => {
        record(program, training);
      });
    };
  const within = (recordings: Recordings): Recordings => ({
    push: (record) => recordings.push(inside(record)),
  });
  return {
    ...recorder,
    inStage: (record) => recorder.inStage(inside(record)),
    forward: within(recorder.forward),
    backward: within(recorder.backward),
    counting: within(recorder.counting),
  };
}

/** Number of the first sample's segment. */
export const firstSample = (layout: BatchLayout): number => (layout.sharePrefix ? 1 : 0);

/** What kernels bind of a matrix, and which of its rows that are; undefined where it is the whole. */
export function tableParts(table: Tensor): [Tensor, TablePart | undefined][] {
  if (table.parts.length === 1) return [[table, undefined]];
  let first = 0;
  return table.parts.map((tensor) => {
    const part = { first, rows: tensor.shape[0] };
    first += part.rows;
    return [tensor, part];
  });
}

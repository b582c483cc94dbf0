import type { StepValues } from "../../kernels";
import { Program } from "../../runtime/program";
import type { Tensor } from "../../runtime/tensor";
import { denseOf, type Architecture } from "../architecture";
import type { Compiled } from "../compiled";
import { recordBody } from "./body";
import { recordHead } from "./head";
import { recordOptimizer, recordPenalties, recordSums } from "./optimizer";
import { withSizes, type Recorder, type Recording, type Recordings } from "./recorder";
import { overWindows, type Between } from "./windows";

/** What a workspace runs. A batch that is taken in parts runs others on all of them but the last. */
export interface Programs {
  /** Forward pass and loss; leaves the model's output in `outputs`. */
  evaluate: Program<StepValues>;
  /** Of the parts of a batch before the last: what the weights add to the loss counts once a batch. */
  evaluatePart?: Program<StepValues>;
  /** Forward pass, loss, backward pass and optimizer. */
  train?: Program<StepValues>;
  /** Of the parts of a batch before the last: the sum of the gradients in place of the optimizer. */
  trainPart?: Program<StepValues>;
  /** Of all parts of a batch, before they are trained on or evaluated: counts the outputs that a mask leaves. */
  countTrain?: Program<StepValues>;
  countEvaluate?: Program<StepValues>;
  /** The model's output: of a sample in windows of time, that of each window. */
  outputs: readonly Tensor[];
}

/** What all recorders of a workspace have in common. */
export type RecorderBase = Omit<
  Recorder,
  "plan" | "window" | "streams" | "stage" | "inStage" | "forward" | "backward" | "counting" | "ends" | "sums"
>;

/** Where the figures go, and where a batch's parts add up what each of them has. */
export interface Collected {
  metrics: Tensor;
  /** Of gradients; none where no batch is divided, or none are wanted. */
  sums?: { banks: readonly Tensor[]; of: ReadonlyMap<Tensor, Tensor> };
}

/** @param plans what kernels bind by its name: of samples in windows of time, for each window */
export function recordPrograms(
  base: RecorderBase,
  plans: readonly Record<string, Tensor>[],
  architecture: Architecture,
  { parameters, loss, optimizer }: Pick<Compiled, "parameters" | "loss" | "optimizer">,
  { metrics, sums }: Collected,
): Programs {
  const { arena, divides, training } = base;
  const [forward, backward, counting, ends]: Recording[][] = [[], [], [], []];
  const shared = {
    ...base,
    ...{ forward, backward, counting, ends },
    streams: { next: 0 },
    sums: sums?.of ?? new Map<Tensor, Tensor>(),
    stage: 0,
    inStage: (record: Recording) => record,
  };
  const recorders = plans.map((plan, window): Recorder => {
    const recorder = { ...shared, plan, window };
    return plans.length > 1 ? withSizes(recorder, ({ inWindows }) => inWindows![window]) : recorder;
  });
  const { step } = plans.at(-1)!;
  const behind = recordBody(recorders, architecture, parameters);
  const program = (label: string, recordings: readonly Recording[], trains: boolean): Program<StepValues> => {
    const made = new Program<StepValues>(arena.device, label);
    for (const record of recordings) record(made, trains);
    return made;
  };
  /** Records the last layer with the loss; the output is wanted of the one that does not train. */
  const head = (trains: boolean): { pass: Recording[]; outputs: Tensor[] } => {
    const last = architecture.layers.length - 1;
    const config = denseOf(architecture.layers[last].config)!;
    const gradients = trains ? parameters.gradients.weights[last] : undefined;
    const weights = parameters.weights[last];
    const pass = [...forward];
    const parts = headRecorders(behind, trains, pass);
    const outputs = overWindows(
      parts,
      gradients,
      (part, i) => recordHead(part, config, loss, metrics, behind.flows[i], weights, gradients),
      behind.flows,
    );
    return { pass, outputs };
  };
  const penalties: Recording = (into, train) => {
    recordPenalties(into, arena, parameters, { step, metrics }, train);
  };
  const { pass: evaluation, outputs } = head(false);
  const counts = counting.length > 0 ? [...forward, ...counting] : undefined;
  if (counts) ends.push((into) => into.clear(plans[0].counts));
  const programs: Programs = {
    evaluate: program("evaluate", [...evaluation, penalties, ...ends], false),
    evaluatePart: divides ? program("evaluate part", evaluation, false) : undefined,
    countEvaluate: counts && program("count", counts, false),
    outputs,
  };
  if (!training) return programs;
  const pass = [...head(true).pass, ...backward.reverse()];
  const { add, take } = recordSums(parameters, sums?.banks ?? []);
  const train = program("train", [...pass, take, penalties, ...ends], true);
  recordOptimizer(train, parameters, optimizer.rule, step);
  return {
    ...programs,
    train,
    trainPart: divides ? program("train part", [...pass, add], true) : undefined,
    countTrain: counts && program("count", counts, true),
  };
}

/** Recorders of a last layer. Two are recorded: both count the same. */
function headRecorders({ recorders }: Between, training: boolean, forward: Recordings): Recorder[] {
  return recorders.map((recorder) => ({
    ...recorder,
    training,
    forward: { push: (record) => forward.push(recorder.inStage(record)) },
    counting: training ? { push: () => undefined } : recorder.counting,
  }));
}

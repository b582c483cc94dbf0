import { Program } from "../../runtime/program";
import { denseOf, type Architecture } from "../architecture";
import { recordHead } from "./head";
import { recordBody } from "./body";
import { recordOptimizer, recordPenalties, recordSums } from "./optimizer";
import { withSizes, type Recorder, type Recording } from "./recorder";
import { overWindows } from "./windows";
import type { StepValues } from "../../kernels";
import type { Tensor } from "../../runtime/tensor";
import type { Compiled } from "../compiled";

/** What is run on a batch. */
export interface Pass {
  /** On all of it, or on the last of its parts. */
  last: Program<StepValues>;
  /** On the parts before: without what counts once a batch. */
  part: Program<StepValues>;
  /** On all parts before the first one: counts the outputs that a mask leaves. */
  count?: Program<StepValues>;
}

/** What a workspace runs. */
export interface Programs {
  /** Forward pass and loss; leaves the model's output in `outputs`. */
  evaluate?: Pass;
  /** Forward pass, loss, backward pass and, where it is wanted, optimizer; on parts before the last the sum of the gradients. */
  train?: Pass;
  /** The model's output: of a sample in windows of time, that of each window. */
  outputs: readonly Tensor[];
}

/** What all recorders of a workspace have in common. */
export interface RecorderBase extends Omit<
  Recorder,
  "plan" | "window" | "streams" | "stage" | "inStage" | "forward" | "backward" | "counting" | "ends" | "sumOf"
> {
  /** Whether nothing else is wanted than gradients. */
  gradientsOnly: boolean;
}

/**
 * @param plans what kernels bind by its name: of samples in windows of time, for each window
 * @param metrics where the figures go
 */
export function recordPrograms(
  base: RecorderBase,
  plans: readonly Record<string, Tensor>[],
  architecture: Architecture,
  { parameters, loss, optimizer }: Pick<Compiled, "parameters" | "loss" | "optimizer">,
  metrics: Tensor,
): Programs {
  const { arena, divides, gradientsOnly, training } = base;
  const [forward, backward, counting, ends]: Recording[][] = [[], [], [], []];
  const adds = divides && training;
  const shared = {
    ...base,
    ...{ forward, backward, counting, ends },
    sumOf: (gradient: Tensor) => parameters.sums.flat[parameters.gradients.flat.indexOf(gradient)],
    streams: { next: 0 },
    stage: 0,
    inStage: (record: Recording) => record,
  };
  const recorders = plans.map((plan, window): Recorder => {
    const recorder = { ...shared, plan, window };
    return plans.length > 1 ? withSizes(recorder, ({ inWindows }) => inWindows![window]) : recorder;
  });
  const { step, counts } = plans.at(-1)!;
  const { recorders: behind, flows } = recordBody(recorders, architecture, parameters);
  const { config } = architecture.layers.at(-1)!;
  const weights = parameters.weights.at(-1)!;

  /** Records the last layer with the loss: apart from training, where its output is wanted. */
  const head = (trains: boolean): { recordings: Recording[]; outputs: Tensor[] } => {
    const own = trains ? parameters.gradients.weights.at(-1) : undefined;
    const recordings: Recording[] = [];
    const parts = behind.map((recorder) => ({
      ...recorder,
      training: trains,
      forward: { push: (record: Recording) => recordings.push(recorder.inStage(record)) },
    }));
    const record = (part: Recorder, i: number): Tensor =>
      recordHead(part, denseOf(config)!, loss, metrics, flows[i], weights, own);
    return { recordings, outputs: overWindows(parts, own, record, flows) };
  };
  const { recordings: evaluation, outputs } = head(false);
  // The other head would count the same.
  const counted = counting.splice(0);
  if (counted.length > 0) ends.push((program) => program.clear(counts));

  /** The programs of a pass that goes on with `then`: on a part before the last, `add` follows, else `take`. */
  const pass = (trains: boolean, then: readonly Recording[], add?: Recording, take?: Recording): Pass => {
    const program = (...recordings: (Recording | undefined)[]): Program<StepValues> => {
      const made = new Program<StepValues>(arena.device, trains ? "train" : "evaluate");
      for (const record of recordings) record?.(made, trains);
      return made;
    };
    const penalties: Recording = (into) => {
      recordPenalties(into, arena, parameters, { step, metrics }, trains);
    };
    const own = divides ? [] : counted;
    const last = program(...forward, ...own, ...then, take, penalties, ...ends);
    return {
      last,
      part: divides ? program(...forward, ...then, add) : last,
      count: divides && counted.length > 0 ? program(...forward, ...counted) : undefined,
    };
  };
  const evaluate = gradientsOnly ? undefined : pass(false, evaluation);
  if (!training) return { evaluate, outputs };
  const { recordings } = head(true);
  const { add, take } = adds ? recordSums(parameters) : {};
  const train = pass(true, [...recordings, ...backward.reverse()], add, take);
  if (!gradientsOnly) recordOptimizer(train.last, parameters, optimizer.rule, step);
  return { evaluate, train, outputs };
}

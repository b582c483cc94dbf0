import type { ScanShape } from "../kernels/scan";
import { read, write } from "../runtime/arena";
import { describe, InvalidInputError } from "../runtime/errors";
import type { WeightPlan } from "./architecture";
import type { Tensor } from "../runtime/tensor";
import type { CompileConfig } from "./compiled";
import { compileConfig } from "./compiled";
import type { FitSettings } from "./fit-settings";
import type { History } from "./history";
import type { Layer } from "./layers";
import type { OptimizerState } from "./training-state";
import { checkedState, writeOptimizerState } from "./training-state";
import { Random, type RandomState } from "./random";
import type { Sums } from "./runner";
import type { Session } from "./session";
import { checkedWeights } from "./weight-values";
import type { NamedWeight } from "./weights";

/** Where a training is in its epochs. */
export interface TrainingPosition {
  /** The epoch that runs, or, where no step of it is done, the one to come. From 0. */
  epoch: number;
  /** Steps of that epoch that are done. */
  step: number;
  /** What their figures add up to. */
  sums: Sums;
  /** Whether a callback has ended the training. */
  stopped: boolean;
  generators: {
    /** As it was when the epoch began: the epoch's order is drawn from it again. */
    order: RandomState;
    /** With the number of a step it gives the masks of dropout. */
    dropout: number;
  };
}

/** The model as it is after a step. */
export interface ModelState {
  weights: NamedWeight[];
  optimizer: Required<OptimizerState>;
  /** What stateful layers carry to the next batch. */
  carried: Float32Array[];
}

/** What the rest of a training depends on, beside what `fit` was given. */
export interface TrainingState extends ModelState {
  /** The layers, as `getConfig` gives them. */
  config: { name: string; layers: Layer[] };
  compile: CompileConfig;
  position: TrainingPosition;
  /** Of the epochs that are complete. */
  history: History;
  /** For each callback that has a state, in their order. */
  callbacks: unknown[];
  /** The bits are those of this adapter and this shape of the time loop. */
  machine: { adapter: string; scan: ScanShape };
}

/**
 * All that the rest of a training depends on: from it, `fit` goes on to the very bits at which it would have
 * arrived undisturbed. Plain data and typed arrays, so it can be cloned, sent to a worker, or written to a file.
 */
export interface TrainingSnapshot extends TrainingState {
  /** What `fit` was given; going on takes the same. */
  settings: FitSettings;
}

/** A place that holds one snapshot: a file, the browser's storage, a variable. */
export interface CheckpointStore {
  /** Replaces what it holds, wholly or not at all. */
  save(snapshot: TrainingSnapshot): Promise<void>;
  /** The last snapshot that was saved; undefined where there is none. */
  load(): Promise<TrainingSnapshot | undefined>;
  /** Forgets it. */
  clear(): Promise<void>;
}

/**
 * Takes the model's state of this moment: the device copies it behind the steps that were submitted, and the
 * promise waits until the copy has arrived; later steps may be submitted meanwhile.
 */
export async function captureModel(
  { compiled, architecture }: Session,
  carried: readonly Tensor[],
): Promise<ModelState> {
  const { device, parameters, optimizer, iterations, learningRate } = compiled;
  const plans = architecture.layers.flatMap(({ weights }) => weights);
  const slots = Object.entries(parameters.slots(optimizer.rule));
  const tensors = [parameters.flat, ...slots.map(([, { flat }]) => flat), carried].flat();
  const values = await read(device, tensors);
  let next = 0;
  const take = (of: readonly WeightPlan[]): NamedWeight[] =>
    of.map(({ name, shape }) => ({ name, shape, data: values[next++] }));
  return {
    weights: take(plans),
    optimizer: {
      iterations,
      learningRate,
      slots: Object.fromEntries(slots.map(([name]) => [name, take(parameters.trainedPlans)])),
    },
    carried: values.slice(values.length - carried.length),
  };
}

/** The generators of random numbers as they are now. */
export function generatorsOf({ compiled }: Session): TrainingPosition["generators"] {
  return { order: compiled.random.state(), dropout: compiled.drawnSeed };
}

/** What a snapshot says of the model and its machine. */
export function describeModelOf(session: Session): Pick<TrainingState, "config" | "compile" | "machine"> {
  const { compiled } = session;
  const machine = { adapter: compiled.device.description, scan: compiled.shape };
  return { config: session.config(), compile: compileConfig(compiled), machine };
}

/** Puts a snapshot on the device. */
export interface Restore {
  /** Before the workspace is opened: takes the shape of the time loop that the bits so far are those of. */
  chooseShape: () => void;
  /** Weights, the optimizer, the generators, and what stateful layers carry. */
  write: (carried: readonly Tensor[]) => void;
}

/**
 * Checks that a snapshot is one of this model, and gives what puts it on the device.
 *
 * @throws {InvalidInputError} other layers, another optimizer, loss or metric, or weights that do not fit; the
 *   model is unchanged then.
 */
export function prepareRestore(session: Session, snapshot: TrainingSnapshot): Restore {
  const { compiled, architecture } = session;
  compareModels(session, snapshot);
  const plans = architecture.layers.flatMap(({ weights }) => weights);
  const values = checkedWeights(snapshot.weights, plans, "fit, resume");
  const weights = plans.map(({ name, shape }, i) => ({ name, shape, data: values[i] }));
  const optimizer = checkedState(compiled.optimizer, plans, snapshot.optimizer);
  return restoreOf(session, { ...snapshot, weights, optimizer });
}

/** As {@link prepareRestore}, of a state that is known to be this model's. */
export function restoreOf({ compiled, useShape }: Session, snapshot: TrainingState): Restore {
  const random = Random.fromState(snapshot.position.generators.order);
  const { adapter, scan } = snapshot.machine;
  return {
    // Which shape is faster is measured anew at every compile.
    chooseShape: () => void (adapter === compiled.device.description && useShape(scan)),
    write(carried) {
      checkCarried(carried, snapshot.carried);
      compiled.parameters.set(snapshot.weights.map(({ data }) => data));
      writeOptimizerState(compiled, snapshot.optimizer);
      compiled.random = random;
      compiled.drawnSeed = snapshot.position.generators.dropout;
      carried.forEach((tensor, i) => write(compiled.device, tensor, snapshot.carried[i]));
    },
  };
}

function checkCarried(tensors: readonly Tensor[], saved: readonly Float32Array[]): void {
  const sizes = (list: readonly { length: number }[]): string =>
    list.map(({ length }) => length).join(", ") || "none";
  const [expected, got] = [sizes(tensors), sizes(saved)];
  if (expected === got) return;
  const remedy = "pass a checkpoint of this model, or train anew without resume";
  throw new InvalidInputError(
    describe("fit", `states of stateful layers of ${expected} values`, got, remedy),
  );
}

function compareModels(session: Session, snapshot: TrainingSnapshot): void {
  const here = describeModelOf(session);
  const parts: [name: string, saved: unknown, now: unknown][] = [
    ["layers", snapshot.config.layers, here.config.layers],
    ["the optimizer", snapshot.compile.optimizer, here.compile.optimizer],
    ["the loss", snapshot.compile.loss, here.compile.loss],
    ["metrics", snapshot.compile.metrics, here.compile.metrics],
  ];
  for (const [name, saved, now] of parts) {
    const [expected, got] = [JSON.stringify(saved), JSON.stringify(now)];
    if (expected === got) continue;
    const remedy = "make and compile the model as before, or train anew without resume";
    throw new InvalidInputError(
      describe(
        "fit",
        `${name} as in the checkpoint (${differing(expected, got)})`,
        differing(got, expected),
        remedy,
      ),
    );
  }
}

/** Where a long text differs from another, for a message. */
function differing(text: string, other: string): string {
  if (text.length <= 100) return text;
  let at = 0;
  while (at < text.length && text[at] === other[at]) at++;
  const from = Math.max(0, at - 40);
  return `${from > 0 ? "…" : ""}${text.slice(from, from + 90)}…`;
}

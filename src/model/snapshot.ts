import type { ScanShape } from "../kernels";
import { read } from "../runtime/arena";
import type { Tensor } from "../runtime/tensor";
import type { WeightPlan } from "./architecture";
import type { CompileConfig, CompiledModel } from "./compiled";
import type { FitSettings } from "./fit-settings";
import type { History } from "./history";
import type { Layer } from "./layers";
import type { OptimizerState } from "./training-state";
import type { RandomState } from "./random";
import type { Sums } from "./runner";
import { namedWeights, plansOf } from "./weight-values";
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
  { compiled, architecture }: CompiledModel,
  carried: readonly Tensor[],
): Promise<ModelState> {
  const { device, parameters, optimizer, iterations, learningRate } = compiled;
  const slots = Object.entries(parameters.slots(optimizer.rule));
  const tensors = [parameters.flat, ...slots.map(([, { flat }]) => flat), carried].flat();
  const values = await read(device, tensors);
  const take = (of: readonly WeightPlan[]): NamedWeight[] => namedWeights(of, values.splice(0, of.length));
  return {
    weights: take(plansOf(architecture)),
    optimizer: {
      iterations,
      learningRate,
      slots: Object.fromEntries(slots.map(([name]) => [name, take(parameters.trainedPlans)])),
    },
    carried: values,
  };
}

/** The generators of random numbers as they are now. */
export function generatorsOf({ compiled }: CompiledModel): TrainingPosition["generators"] {
  return { order: compiled.random.state(), dropout: compiled.drawnSeed };
}

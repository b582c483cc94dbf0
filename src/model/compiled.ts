import type { ScanShape } from "../kernels";
import type { Device } from "../runtime/device";
import type { Architecture } from "./architecture";
import { assertSettable, type CallbackModel } from "./callback";
import type { Loss } from "./losses";
import type { Optimizer } from "./optimizers";
import type { Parameters } from "./parameters";
import type { Random } from "./random";

/** Everything that exists once a model is compiled. */
export interface Compiled {
  device: Device;
  parameters: Parameters;
  optimizer: Optimizer;
  loss: Loss;
  /** The name of the accuracy in histories, or undefined where it is not asked for. */
  accuracy: string | undefined;
  shape: ScanShape;
  /** Steps that one dispatch of the time loop takes, for a batch of so many samples. */
  chunkSteps: (samples: number) => number;
  /** Of the initial weights and dropout: the seed given to `compile`, or the one drawn in its place. */
  drawnSeed: number;
  random: Random;
  /** As it was given to `compile`; undefined where it was not. */
  seed: number | undefined;
  /** Optimizer steps taken. */
  iterations: number;
  learningRate: number;
}

/** A model on a device. */
export interface CompiledModel {
  architecture: Architecture;
  compiled: Compiled;
}

/** What callbacks see of a model in training. */
export function callbackModel(
  model: Pick<CallbackModel, "getWeights" | "setWeights">,
  compiled: Compiled,
  state: { stopTraining: boolean },
): CallbackModel {
  return {
    get stopTraining(): boolean {
      return state.stopTraining;
    },
    set stopTraining(stop: boolean) {
      state.stopTraining = stop;
    },
    get learningRate(): number {
      return compiled.learningRate;
    },
    set learningRate(rate: number) {
      // A worker hands it back after every hook.
      if (rate === compiled.learningRate) return;
      assertSettable("callback", this);
      compiled.learningRate = rate;
    },
    learningRateSchedule: compiled.optimizer.schedule?.className,
    getWeights: () => model.getWeights(),
    setWeights: (weights) => model.setWeights(weights),
  };
}

/** How a model was compiled, in the form that is saved. */
export function compileConfig({ optimizer, loss, accuracy }: Compiled): CompileConfig {
  return { optimizer, loss, metrics: accuracy === undefined ? [] : [accuracy] };
}

/** Optimizer, loss and metrics of a model. */
export interface CompileConfig {
  optimizer: Optimizer;
  loss: Loss;
  metrics: string[];
}

import { describe, DeviceLostError } from "../runtime/errors";
import type { Tensor } from "../runtime/tensor";
import type { Compiled, CompiledModel } from "./compiled";
import type { RandomState } from "./random";
import { captureModel, type ModelState, type TrainingState } from "./snapshot";
import type { OptimizerState } from "./training-state";

/** Seconds of training, at most, that a lost device takes along where copies are cheap. */
const leastSeconds = 2;

/** What a copy is taken to cost: a gigabyte in a second, over the bus and through main memory. */
const bytesPerSecond = 1e9;

/** The part of the time that copies may take. */
const share = 0.01;

/** What is known of a model in main memory; an optimizer that has not begun has no slots there. */
export type ModelCopy = Pick<ModelState, "weights"> & { optimizer: OptimizerState };

/** A model as it was at a moment, for another device. */
export interface Moment {
  compiled: Compiled;
  copy: ModelCopy;
  random: RandomState;
  drawnSeed: number;
}

/**
 * The model as it last was in main memory, for the device may be lost at any moment, and all that is on it. The
 * copies are made by the device behind the steps that were submitted; training does not wait for them. They are
 * so far apart that they cost about a hundredth of the time.
 */
export class Recovery {
  /** The last copy of the training that runs; undefined where there is none yet. */
  training: TrainingState | undefined;
  #last = performance.now();

  /** @param model as it last was in main memory: at first as it is when it is put on a device */
  constructor(public model: ModelCopy) {}

  /** Whether the copy is of the model as it is now. */
  isCurrent({ iterations }: Compiled): boolean {
    return this.model.optimizer.iterations === iterations;
  }

  /** Takes what was put on the device from main memory. */
  replace(part: Partial<ModelCopy>): void {
    this.model = { ...this.model, ...part };
  }

  /** Takes a copy that was made within a training. */
  save(state: TrainingState): Promise<void> {
    this.training = state;
    this.model = state;
    this.#last = performance.now();
    return Promise.resolve();
  }

  /** Seconds between two copies while a training runs. */
  interval(session: CompiledModel): number {
    return Math.max(leastSeconds, costOf(session) / share);
  }

  /** Whether a copy costs little, measured by the time since the last one: for moments when it is most useful. */
  affordable(session: CompiledModel): boolean {
    return performance.now() - this.#last >= (1000 * costOf(session)) / share;
  }

  /** Copies the model behind a call that has trained it, and waits for the copy. */
  async atEnd(session: CompiledModel, carried: readonly Tensor[]): Promise<void> {
    if (this.isCurrent(session.compiled) || !this.affordable(session)) return;
    this.#last = performance.now();
    try {
      this.model = await captureModel(session, carried);
    } catch {
      // Without memory for a copy the one before stays.
      session.compiled.device.assertAlive("read");
    }
  }
}

/** Seconds that a copy of the weights, and of what the optimizer remembers of them, may take. */
function costOf({ compiled }: CompiledModel): number {
  const { parameters, optimizer } = compiled;
  const slots = Object.keys(parameters.slots(optimizer.rule)).length;
  const weights = parameters.flat.reduce((sum, { bytes }) => sum + bytes, 0);
  const trained = parameters.trained.reduce((sum, { bytes }) => sum + bytes, 0);
  return (weights + slots * trained) / bytesPerSecond;
}

/** That a call cannot go on: says what is left, and what to do. */
export function lostError(where: string, { compiled, copy }: Moment, ownDevice: boolean): DeviceLostError {
  const { iterations } = copy.optimizer;
  const left = `the model has its weights after ${iterations} of ${compiled.iterations} steps`;
  const remedy = ownDevice ? "compile again with a new device" : "call again, which requests a new device";
  const got = `a lost one (${compiled.device.lossReason})`;
  return new DeviceLostError(`${describe(where, "a working GPU device", got, left)}; ${remedy}`);
}

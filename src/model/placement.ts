import { describe, DeviceLostError, StateError } from "../runtime/errors";
import { optimizerSlots } from "../kernels";
import { scanOn } from "./scan-choice";
import { Parameters } from "./parameters";
import { KeptStates } from "./kept-states";
import { currentRate, stepSizes } from "./optimizers";
import { deviceFor, resolveCompileOptions, type CompileOptions } from "./compile-options";
import { Random, stepSeed } from "./random";
import {
  readOptimizerState,
  writeOptimizerState,
  type OptimizerState,
  type SavedTraining,
} from "./training-state";
import { callbackModel, compileConfig, type Compiled } from "./compiled";
import { drawWeights, namedWeights, plansOf } from "./weight-values";
import { lostError, Recovery, type ModelCopy, type Moment } from "./recovery";
import { Workspace, type WorkspaceNeeds } from "./workspace";
import type { Architecture } from "./architecture";
import type { CallbackModel } from "./callback";
import type { Session } from "./session";

/** Devices that a call may lose one after the other without having made a new copy of the model. */
const mostLosses = 3;

/** What a place needs to know of its model. */
interface Owner extends Pick<Session, "config" | "sawSteps" | "profile"> {
  model: Pick<CallbackModel, "getWeights" | "setWeights">;
  /** An optimizer step is taken. */
  stepped: () => void;
}

/** A compilation that a call needs. */
interface Again {
  where?: string;
  /** What it goes on from on another device. */
  lost?: Moment | undefined;
}

/**
 * The place of a model's weights: main memory until it is compiled, and then a device, with a copy in main memory
 * for the case that the device is lost.
 */
export class Placement {
  readonly states: KeptStates;
  readonly #architecture: Architecture;
  readonly #owner: Owner;
  #values: Float32Array[] | undefined;
  #options: CompileOptions | undefined;
  #compiled: Compiled | undefined;
  #recovery: Recovery | undefined;
  #workspace: Workspace | undefined;
  /** How the first call that needs it compiles the model. */
  #saved: SavedTraining | undefined;
  /** Where that goes on. */
  #lost: Moment | undefined;

  constructor(architecture: Architecture, owner: Owner) {
    this.#architecture = architecture;
    this.#owner = owner;
    this.states = new KeptStates(architecture);
  }

  /** Undefined before `compile`, and when the device is lost. */
  get compiled(): Compiled | undefined {
    if (this.#compiled?.device.lost) this.#leave(this.#momentOf(this.#compiled));
    return this.#compiled;
  }

  /** How the first call that needs it will compile the model. */
  get saved(): SavedTraining | undefined {
    return this.compiled ? undefined : this.#saved;
  }

  get workspace(): Workspace | undefined {
    return this.#workspace;
  }

  /** Has the first call that needs it compile the model. */
  compileLater(saved: SavedTraining): void {
    this.#saved = saved;
  }

  /** See `Sequential.compile`. */
  async compile(options: CompileOptions, { where = "compile", lost }: Again = {}): Promise<Compiled> {
    const settings = resolveCompileOptions(options, this.#architecture);
    const values = await this.values(settings.drawnSeed);
    const device = await deviceFor(options, this.compiled?.device, { where, afterLoss: lost !== undefined });
    try {
      const scan = await scanOn(device, this.#architecture, options, lost?.compiled);
      const parameters = new Parameters(device, this.#architecture.layers);
      this.release();
      parameters.set(values);
      this.#compiled = { device, parameters, ...scan, seed: options.seed, ...settings };
    } catch (error) {
      throw (await device.isBehind(error)) ? device.lostError(where) : error;
    }
    this.#options = options;
    this.#values = this.#saved = this.#lost = undefined;
    if (lost) {
      this.#compiled.random = Random.fromState(lost.random);
      this.#compiled.drawnSeed = lost.drawnSeed;
    } else {
      const { iterations, learningRate } = settings;
      const weights = namedWeights(plansOf(this.#architecture), values);
      this.#recovery = new Recovery({ weights, optimizer: { iterations, learningRate, slots: {} } });
    }
    return this.#compiled;
  }

  /** The weights as they are now: from the device, from `setValues`, or drawn. */
  async values(seed: number): Promise<Float32Array[]> {
    const { compiled } = this;
    if (!compiled) return (this.#values ??= drawWeights(this.#architecture, seed));
    return this.#read(compiled, compiled.parameters.get(), () => this.values(seed));
  }

  /**
   * What the optimizer has come to: on the device, or where it will go on.
   *
   * @throws {StateError} before `compile`.
   */
  async optimizer(where: string): Promise<OptimizerState> {
    if (this.saved) {
      const { options, state } = this.saved;
      return state ?? { iterations: 0, learningRate: options.optimizer.learningRate, slots: {} };
    }
    const { compiled } = this.session(where);
    return this.#read(compiled, readOptimizerState(compiled), () => this.optimizer(where));
  }

  /** Replaces the weights. */
  setValues(values: Float32Array[]): void {
    const { compiled } = this;
    if (compiled) {
      compiled.parameters.set(values);
      this.#recovery?.replace({ weights: namedWeights(plansOf(this.#architecture), values) });
    } else this.#values = values;
  }

  /** Replaces what the optimizer has come to. */
  setOptimizer(compiled: Compiled, state: Required<OptimizerState>): void {
    writeOptimizerState(compiled, state);
    this.#recovery?.replace({ optimizer: state });
  }

  /**
   * Runs a call on the model's device. Should that be lost, the model goes to another one, as it was when the call
   * began or in the last copy made since, and the call is run again: it ends with the bits of an undisturbed one.
   *
   * @param options.repeatable whether the call can be run again from its beginning
   * @throws {DeviceLostError} the device was the user's own, or there is no copy from which the call can go on.
   */
  async run<Result>(
    where: string,
    task: (session: Session) => Promise<Result>,
    { signal, repeatable = true }: { signal?: AbortSignal; repeatable?: boolean } = {},
  ): Promise<Result> {
    let losses = 0;
    let last: ModelCopy | undefined;
    for (let attempt = 0; ; attempt++) {
      const session = await this.#ready(where);
      const { compiled, recovery } = session;
      // Copies of an earlier call of `fit` are no part of this one.
      if (attempt === 0) recovery.training = undefined;
      const begun = this.#momentOf(compiled);
      const repeats = repeatable && recovery.isCurrent(compiled);
      try {
        return await task(session);
      } catch (error) {
        const aborted = signal?.aborted && error === signal.reason;
        if (aborted || !(await compiled.device.isBehind(error))) throw error;
        const { model, training } = recovery;
        losses = model === last ? losses + 1 : 1;
        last = model;
        this.#leave({ ...begun, copy: training ?? (repeats ? begun.copy : model) });
        if (this.#ownDevice || !(training ?? repeats) || losses > mostLosses) {
          throw lostError(where, { ...begun, copy: training ?? model }, this.#ownDevice);
        }
      }
    }
  }

  /** @throws {StateError} before `compile`. */
  session(where: string): Session {
    const { compiled } = this;
    const [recovery, owner] = [this.#recovery, this.#owner];
    if (!compiled && this.#lost) throw lostError(where, this.#lost, this.#ownDevice);
    if (!compiled || !recovery) {
      throw new StateError(
        describe(where, "a compiled model", "one that is not", "call compile({ loss: … }) first"),
      );
    }
    return {
      ...owner,
      architecture: this.#architecture,
      compiled,
      recovery,
      callbackModel: (state) => callbackModel(owner.model, compiled, state),
      nextStep: () => {
        const { learningRate, optimizer, drawnSeed } = compiled;
        const iteration = compiled.iterations + 1;
        const sizes = stepSizes(optimizer.rule, learningRate, iteration);
        return { ...sizes, learningRate, seed: stepSeed(drawnSeed, iteration) };
      },
      stepTaken: () => {
        owner.stepped();
        const { learningRate, optimizer } = compiled;
        compiled.learningRate = currentRate(optimizer, ++compiled.iterations, learningRate);
      },
      workspace: (needs) => this.#workspaceFor(compiled, needs),
      useShape: (shape) => this.#useShape(compiled, shape),
    };
  }

  /** Frees all that is on the device. */
  release(): void {
    this.#workspace?.dispose();
    this.#workspace = undefined;
    this.#compiled?.parameters.dispose();
    this.#compiled = undefined;
  }

  /** A session on the model's device; one that is lost meanwhile is replaced. */
  async #ready(where: string): Promise<Session> {
    for (let losses = 1; this.saved; losses++) {
      const { options, state } = this.saved;
      try {
        const compiled = await this.compile(options, { where, lost: this.#lost });
        const { learningRate = compiled.learningRate } = state ?? {};
        if (state) this.setOptimizer(compiled, { ...state, learningRate });
        // One that is lost as soon as it comes counts too.
        compiled.device.assertAlive(where);
      } catch (error) {
        const another = error instanceof DeviceLostError && error.cause === undefined && !this.#ownDevice;
        if (!another || losses > mostLosses) throw error;
      }
    }
    return this.session(where);
  }

  /** What is read from a device; where that is lost meanwhile, what is found `again`, in the last copy. */
  async #read<Result>(
    { device }: Compiled,
    reading: Promise<Result>,
    again: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await reading;
    } catch (error) {
      if (!(await device.isBehind(error))) throw error;
      return again();
    }
  }

  get #ownDevice(): boolean {
    return typeof this.#options?.device === "object";
  }

  #momentOf(compiled: Compiled): Moment {
    const copy = this.#recovery!.model;
    return { compiled, copy, random: compiled.random.state(), drawnSeed: compiled.drawnSeed };
  }

  /** Leaves a lost device: the model is in main memory again, and the next call that needs it compiles it as before. */
  #leave(moment: Moment): void {
    const { compiled, copy } = moment;
    const complete =
      Object.keys(copy.optimizer.slots).length === optimizerSlots(compiled.optimizer.rule).length;
    this.release();
    this.#values = copy.weights.map(({ data }) => data);
    if (this.#recovery) this.#recovery.model = copy;
    this.#saved = {
      options: { ...this.#options, ...compileConfig(compiled) },
      ...(complete ? { state: copy.optimizer } : {}),
    };
    this.#lost = moment;
  }

  #useShape(compiled: Compiled, shape: Compiled["shape"]): void {
    if (compiled.shape === shape) return;
    compiled.shape = shape;
    this.#workspace?.dispose();
    this.#workspace = undefined;
  }

  async #workspaceFor(compiled: Compiled, needs: WorkspaceNeeds): Promise<Workspace> {
    const before = this.#workspace;
    if (before?.serves(needs)) {
      before.takeStates(this.states.takeGiven(needs.capacity.samples));
      return before;
    }
    const states = await this.states.takeOver(before, needs.capacity.samples);
    before?.dispose();
    this.#workspace = undefined;
    const workspace = await Workspace.create(this.#architecture, compiled, needs);
    workspace.takeStates(states);
    return (this.#workspace = workspace);
  }
}

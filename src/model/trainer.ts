import { checkedState } from "./training-state";
import type { OptimizerState, SavedTraining } from "./training-state";
import { describe, StateError } from "../runtime/errors";
import { Placement } from "./placement";
import { recurrentOf, type Architecture } from "./architecture";
import { compileConfig, type CompileConfig } from "./compiled";
import {
  evaluate,
  predict,
  trainOnBatch,
  type EvaluateOptions,
  type PredictOptions,
  type Prediction,
} from "./inference";
import { openStream, type TokenStream } from "./stream";
import { fit, type FitOptions } from "./fit";
import { plansOf } from "./weight-values";
import type { ProgramSample, SamplerOptions } from "../runtime/program-sampler";
import type { CompileOptions } from "./compile-options";
import type { History } from "./history";
import type { Layer } from "./layers";
import type { Labels, Session } from "./session";
import type { NamedState } from "./states";
import type { TokenInput } from "./token-data";
import type { NamedWeight } from "./weights";

/**
 * What a model does once its architecture is known: it is compiled, trained, and predicts. As in Keras, the model that
 * users make extends it, by its layers and their weights.
 */
export abstract class Trainer {
  /** What follows from the layers: names, shapes, weights. */
  readonly architecture: Architecture;
  protected readonly placement: Placement;
  /** Whether the optimizer has taken a step. */
  protected trained = false;
  #running: string | undefined;
  #profile: SamplerOptions | undefined;
  #disposed = false;

  constructor(architecture: Architecture) {
    this.architecture = architecture;
    this.placement = new Placement(architecture, {
      model: this,
      config: () => this.getConfig(),
      profile: () => this.#profile,
      sawSteps: (steps) => {
        this.sawSteps(steps);
      },
      stepped: () => (this.trained = true),
    });
  }

  abstract getWeights(): Promise<NamedWeight[]>;
  abstract setWeights(weights: readonly (NamedWeight | ArrayLike<number>)[]): Promise<void>;
  abstract getConfig(): { name: string; layers: Layer[] };
  /** The input has so many steps. */
  protected abstract sawSteps(steps: number): void;

  /**
   * Chooses optimizer, loss and metrics, and puts the model on a device. Compiling again keeps the weights
   * and starts the optimizer afresh.
   *
   * @throws {InvalidInputError} an unknown name, or a model that does not end in a dense layer.
   * @throws {DeviceError} no usable device.
   * @example
   * await model.compile({ optimizer: "rmsprop", loss: "binaryCrossentropy", metrics: ["acc"], seed: 0 });
   */
  async compile(options: CompileOptions): Promise<void> {
    await this.#exclusively("compile", () => this.placement.compile(options));
  }

  /**
   * Compiles at the first call that needs it, as a file says that the model was compiled. Calling `compile`
   * takes precedence, and starts the optimizer afresh.
   *
   * @param state what the optimizer had come to
   * @throws {InvalidInputError} a state that is not this optimizer's or this model's.
   */
  compileLater(options: SavedTraining["options"], state?: OptimizerState): void {
    this.assertUsable("compileLater");
    const checked = state && checkedState(options.optimizer, plansOf(this.architecture), state);
    this.placement.compileLater({ options, state: checked });
  }

  /** Optimizer, loss and metrics, as `compile` or the model's file gave them; undefined without either. */
  getCompileConfig(): CompileConfig | undefined {
    const { compiled, saved } = this.placement;
    if (compiled) return compileConfig(compiled);
    if (!saved) return undefined;
    const { optimizer, loss, metrics } = saved.options;
    return { optimizer, loss, metrics };
  }

  /**
   * Trains for a number of epochs.
   *
   * @param x [rows, steps] token ids
   * @param y labels, one per row (one per row and step where the model returns sequences)
   * @returns the history: epochs and their loss, accuracy and validation figures
   * @throws {StateError} before `compile`, after `dispose`, or while another call runs.
   * @throws {InvalidInputError} x, y or an option is not what it should be; nothing has changed then.
   * @example
   * const { history } = await model.fit(xTrain, yTrain, { epochs: 10, batchSize: 128, validationSplit: 0.2 });
   * @see https://keras.io/api/models/model_training_apis/#fit-method
   */
  async fit(x: TokenInput, y: Labels, options: FitOptions = {}): Promise<History> {
    return this.#onDevice("fit", (session) => fit(session, x, y, options), options.signal);
  }

  /** Loss and accuracy on a data set: `{ loss, acc }`. Throws as `fit` does. */
  async evaluate(x: TokenInput, y: Labels, options: EvaluateOptions = {}): Promise<Record<string, number>> {
    return this.#onDevice("evaluate", (session) => evaluate(session, x, y, options), options.signal);
  }

  /**
   * The model's outputs: `{ data, shape }` with shape [rows, columns] or [rows, steps, columns], and `states`, the last
   * ones of each row, where layers have `returnState`.
   */
  async predict(x: TokenInput, options: PredictOptions = {}): Promise<Prediction> {
    return this.#onDevice("predict", (session) => predict(session, x, options), options.signal);
  }

  /** One optimizer step on one batch; resolves to the batch's loss and accuracy before the step. */
  async trainOnBatch(
    x: TokenInput,
    y: Labels,
    options: { sampleWeight?: ArrayLike<number> } = {},
  ): Promise<Record<string, number>> {
    return this.#onDevice("trainOnBatch", (session) => trainOnBatch(session, x, y, options));
  }

  /**
   * Takes a sequence token by token, the states kept in between: for text that is being typed, or that the
   * model writes itself.
   *
   * @throws {StateError} before `compile`, or after `dispose`.
   * @throws {InvalidInputError} a layer that needs the steps that are still to come.
   * @example
   * const stream = await model.stream();
   * for (const token of tokens) console.log((await stream.next(token)).output[0]);
   * stream.dispose();
   */
  async stream(): Promise<TokenStream> {
    return this.#onDevice("stream", (session) =>
      openStream(session, () => this.placement.compiled === session.compiled),
    );
  }

  /**
   * Has the GPU time of a training step's kernels told while `fit` runs, a sample every `interval` milliseconds.
   * Only devices with the feature "timestamp-query" can tell; on others the listener is never called.
   *
   * @param listener gets each sample; it may be changed or ended in the middle of `fit`
   * @param options interval in milliseconds, 1,000 where left out
   * @returns ends it
   * @example
   * const end = model.profile(({ steps }) => steps.forEach(({ kernel, milliseconds }) => show(kernel, milliseconds)));
   */
  profile(listener: (sample: ProgramSample) => void, options: { interval?: number } = {}): () => void {
    this.assertUsable("profile");
    const profile = { ...options, onSample: listener };
    this.#profile = profile;
    return () => {
      if (this.#profile === profile) this.#profile = undefined;
    };
  }

  /** Lets stateful layers begin anew: the next batch starts from zero states. */
  resetStates(): void {
    this.assertUsable("resetStates");
    const { states, workspace } = this.placement;
    states.reset(workspace);
  }

  /**
   * The states from which stateful layers will go on: h, and c of an LSTM, each [rows, units] with a row for each row
   * of a batch; no rows before the first batch. Bidirectional layers have those of both directions.
   *
   * @throws {InvalidInputError} the model has no stateful layer.
   * @example
   * const [h, c] = await model.getStates(); // of sequential([embedding(9, 4), lstm(8, { stateful: true }), dense(1)])
   */
  async getStates(): Promise<NamedState[]> {
    this.assertUsable("getStates");
    const { states, workspace } = this.placement;
    return states.get(workspace);
  }

  /**
   * Lets stateful layers go on from other states: row i of the next batch from row i of each.
   *
   * @param states what `getStates` returns, or bare arrays in that order; `undefined` for zeros
   * @throws {InvalidInputError} a wrong number of states, a wrong name or length, a value that is not finite: nothing
   *   has changed then. Fewer rows than the next batch has are refused by the call that runs it.
   */
  async setStates(states: readonly (NamedState | ArrayLike<number>)[] | undefined): Promise<void> {
    this.assertUsable("setStates");
    const { states: kept, workspace } = this.placement;
    if (states === undefined) kept.reset(workspace);
    else kept.set(states);
    return Promise.resolve();
  }

  /** What the optimizer remembers of each weight, by slot (`velocity`, `momentum`, …). */
  async getOptimizerSlots(): Promise<Record<string, NamedWeight[]>> {
    return (await this.getOptimizerState()).slots;
  }

  /** Where the optimizer is: its steps so far, the learning rate, and what it remembers of each weight. */
  async getOptimizerState(): Promise<OptimizerState> {
    this.assertUsable("getOptimizerState");
    return this.placement.optimizer("getOptimizerState");
  }

  /**
   * Lets the optimizer go on from where another one was. A model of a file that waits to be compiled takes the state to
   * its first call that needs a device.
   *
   * @throws {StateError} before `compile`, unless a file says how to compile.
   * @throws {InvalidInputError} the state is that of another optimizer or model; nothing has changed then.
   * @example
   * await copy.setOptimizerState(await model.getOptimizerState());
   */
  async setOptimizerState(state: OptimizerState): Promise<void> {
    this.assertUsable("setOptimizerState");
    const { saved } = this.placement;
    if (saved) {
      this.compileLater(saved.options, state);
      return Promise.resolve();
    }
    const { compiled } = this.placement.session("setOptimizerState");
    const checked = checkedState(compiled.optimizer, plansOf(this.architecture), state);
    this.placement.setOptimizer(compiled, checked);
    this.trained = state.iterations > 0;
    return Promise.resolve();
  }

  /** Frees all that the model holds on the GPU. A second call does nothing; any other use then throws. */
  dispose(): void {
    this.#disposed = true;
    this.placement.release();
  }

  /** Runs a call on the model's device, alone; see `Placement.run`. */
  #onDevice<Result>(
    where: string,
    task: (session: Session) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    // What stateful layers carried is lost with the device.
    const repeatable = !this.architecture.layers.some(({ config }) => recurrentOf(config)?.stateful);
    return this.#exclusively(where, () => this.placement.run(where, task, { signal, repeatable }));
  }

  async #exclusively<Result>(where: string, run: () => Promise<Result>): Promise<Result> {
    this.assertUsable(where);
    if (this.#running !== undefined) {
      throw new StateError(
        describe(where, "an idle model", `one in the middle of ${this.#running}`, "await that call first"),
      );
    }
    this.#running = where;
    try {
      return await run();
    } finally {
      this.#running = undefined;
    }
  }

  /** @throws {StateError} after `dispose`. */
  protected assertUsable(where: string): void {
    if (this.#disposed) {
      throw new StateError(describe(where, "a live model", "one after dispose()", "make a new model"));
    }
  }
}

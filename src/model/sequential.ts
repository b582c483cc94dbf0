import { describe, InvalidInputError, StateError } from "../runtime/errors";
import type { ProgramSample, SamplerOptions } from "../runtime/program-sampler";
import { planArchitecture, recurrentOf, type Architecture } from "./architecture";
import { compileConfig, type CompileConfig } from "./compiled";
import type { CompileOptions } from "./compile-options";
import { fit, type FitOptions } from "./fit";
import type { History } from "./history";
import {
  evaluate,
  predict,
  trainOnBatch,
  type EvaluateOptions,
  type PredictOptions,
  type Prediction,
} from "./inference";
import { layerFromConfig, type Layer } from "./layers";
import { summarize } from "./model-summary";
import { Placement } from "./placement";
import type { Labels, Session } from "./session";
import { TokenStream } from "./stream";
import type { TokenInput } from "./token-data";
import { checkedState, readOptimizerState } from "./training-state";
import type { OptimizerState, SavedTraining } from "./training-state";
import { checkedWeights, countOf, namedWeights, plansOf } from "./weight-values";
import type { NamedWeight } from "./weights";

/** Columns of `summary` where the terminal does not say. */
const defaultWidth = 80;

/**
 * A stack of layers. Made by {@link sequential}.
 */
export class Sequential {
  readonly name: string;
  /** What follows from the layers: names, shapes, weights. */
  readonly architecture: Architecture;
  readonly #configs: readonly Layer[];
  readonly #placement: Placement;
  #steps: number | null | undefined;
  #trained = false;
  #running: string | undefined;
  #profile: SamplerOptions | undefined;
  #disposed = false;

  constructor(layers: readonly Layer[], { name = "sequential" }: { name?: string } = {}) {
    this.name = name;
    this.#configs = layers;
    this.architecture = planArchitecture(layers);
    this.#steps = this.architecture.steps;
    this.#placement = new Placement(this.architecture, {
      model: this,
      config: () => this.getConfig(),
      profile: () => this.#profile,
      sawSteps: (steps) => (this.#steps ??= steps),
      stepped: () => (this.#trained = true),
    });
  }

  /** Number of weights. */
  get parameterCount(): number {
    return this.architecture.layers.reduce((sum, layer) => sum + countOf(layer.weights), 0);
  }

  /**
   * Fixes the input's length, so that `summary` shows shapes before any data came.
   *
   * @param inputShape [batch, steps], `null` where any size will do
   * @example
   * model.build([null, 500]);
   */
  build(inputShape: readonly (number | null)[]): this {
    if (inputShape.length !== 2) {
      throw new InvalidInputError(
        describe("build", "[batch, steps]", JSON.stringify(inputShape), "pass for instance [null, 500]"),
      );
    }
    this.#steps = inputShape[1];
    return this;
  }

  /**
   * Prints the table that Keras prints, and returns it.
   *
   * @param options.width columns of the terminal, 80 unless given
   * @param options.print takes the text; `console.log` unless given
   */
  summary({
    width = defaultWidth,
    print = console.log,
  }: { width?: number; print?: (text: string) => void } = {}): string {
    const optimizer = this.#trained ? this.getCompileConfig()?.optimizer : undefined;
    const text = summarize(this.name, this.architecture, this.#steps, optimizer, width);
    print(text);
    return text;
  }

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
    await this.#exclusively("compile", () => this.#placement.compile(options));
  }

  /**
   * Compiles at the first call that needs it, as a file says that the model was compiled. Calling `compile`
   * takes precedence, and starts the optimizer afresh.
   *
   * @param state what the optimizer had come to
   * @throws {InvalidInputError} a state that is not this optimizer's or this model's.
   */
  compileLater(options: SavedTraining["options"], state?: OptimizerState): void {
    this.#assertUsable("compileLater");
    const checked = state && checkedState(options.optimizer, plansOf(this.architecture), state);
    this.#placement.compileLater({ options, state: checked });
  }

  /** Optimizer, loss and metrics, as `compile` or the model's file gave them; undefined without either. */
  getCompileConfig(): CompileConfig | undefined {
    const { compiled, saved } = this.#placement;
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

  /** The model's outputs: `{ data, shape }` with shape [rows, columns] or [rows, steps, columns]. */
  async predict(x: TokenInput, options: PredictOptions = {}): Promise<Prediction> {
    return this.#onDevice("predict", (session) => predict(session, x, options), options.signal);
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
      TokenStream.open(session, () => this.#placement.compiled === session.compiled),
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
    this.#assertUsable("profile");
    const profile = { ...options, onSample: listener };
    this.#profile = profile;
    return () => {
      if (this.#profile === profile) this.#profile = undefined;
    };
  }

  /** Lets stateful layers begin anew: the next batch starts from zero states. */
  resetStates(): void {
    this.#assertUsable("resetStates");
    this.#placement.workspace?.resetStates();
  }

  /** One optimizer step on one batch; resolves to the batch's loss and accuracy before the step. */
  async trainOnBatch(
    x: TokenInput,
    y: Labels,
    options: { sampleWeight?: ArrayLike<number> } = {},
  ): Promise<Record<string, number>> {
    return this.#onDevice("trainOnBatch", (session) => trainOnBatch(session, x, y, options));
  }

  /** The weights in Keras's order, with Keras's names. */
  async getWeights(): Promise<NamedWeight[]> {
    this.#assertUsable("getWeights");
    const values = await this.#placement.values(0);
    return namedWeights(this.architecture, values).map(({ data, ...weight }) => ({
      ...weight,
      data: data.slice(),
    }));
  }

  /**
   * Replaces all weights.
   *
   * @param weights what `getWeights` returns, or bare arrays in that order
   * @throws {InvalidInputError} a wrong number of weights, a wrong name or length, or a value that is not a
   *   finite number; the model is unchanged then.
   */
  async setWeights(weights: readonly (NamedWeight | ArrayLike<number>)[]): Promise<void> {
    this.#assertUsable("setWeights");
    this.#placement.setValues(checkedWeights(weights, plansOf(this.architecture)));
    return Promise.resolve();
  }

  /** The gradients of the last training step, in the order and with the names of the weights. */
  async getGradients(): Promise<NamedWeight[]> {
    this.#assertUsable("getGradients");
    const { parameters } = this.#placement.session("getGradients").compiled;
    return parameters.read(parameters.gradients.flat);
  }

  /** What the optimizer remembers of each weight, by slot (`velocity`, `momentum`, …). */
  async getOptimizerSlots(): Promise<Record<string, NamedWeight[]>> {
    return (await this.getOptimizerState()).slots;
  }

  /** Where the optimizer is: its steps so far, the learning rate, and what it remembers of each weight. */
  async getOptimizerState(): Promise<OptimizerState> {
    this.#assertUsable("getOptimizerState");
    const { saved } = this.#placement;
    if (saved) {
      const { options, state } = saved;
      return state ?? { iterations: 0, learningRate: options.optimizer.learningRate, slots: {} };
    }
    return readOptimizerState(this.#placement.session("getOptimizerState").compiled);
  }

  /**
   * Lets the optimizer go on from where another one was.
   *
   * @throws {StateError} before `compile`.
   * @throws {InvalidInputError} the state is that of another optimizer or model; nothing has changed then.
   * @example
   * await copy.setOptimizerState(await model.getOptimizerState());
   */
  async setOptimizerState(state: OptimizerState): Promise<void> {
    this.#assertUsable("setOptimizerState");
    const { compiled } = this.#placement.session("setOptimizerState");
    const checked = checkedState(compiled.optimizer, plansOf(this.architecture), state);
    this.#placement.setOptimizer(compiled, checked);
    this.#trained = state.iterations > 0;
    return Promise.resolve();
  }

  /** The architecture as plain data; `sequentialFromConfig` makes a model of it. */
  getConfig(): { name: string; layers: Layer[] } {
    return { name: this.name, layers: JSON.parse(JSON.stringify(this.#configs)) as Layer[] };
  }

  /** Frees all that the model holds on the GPU. A second call does nothing; any other use then throws. */
  dispose(): void {
    this.#disposed = true;
    this.#placement.release();
  }

  /** Runs a call on the model's device, alone; see `Placement.run`. */
  #onDevice<Result>(
    where: string,
    task: (session: Session) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    // What stateful layers carried is lost with the device.
    const repeatable = !this.architecture.layers.some(({ config }) => recurrentOf(config)?.stateful);
    return this.#exclusively(where, () => this.#placement.run(where, task, { signal, repeatable }));
  }

  async #exclusively<Result>(where: string, run: () => Promise<Result>): Promise<Result> {
    this.#assertUsable(where);
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

  #assertUsable(where: string): void {
    if (this.#disposed) {
      throw new StateError(describe(where, "a live model", "one after dispose()", "make a new model"));
    }
  }
}

/**
 * The model of a configuration that `getConfig` gave.
 *
 * @throws {InvalidInputError} the configuration does not describe layers that fit one another.
 */
export function sequentialFromConfig(config: { name?: string; layers: readonly Layer[] }): Sequential {
  return new Sequential(config.layers.map(layerFromConfig), { name: config.name });
}

/**
 * A model of layers, each fed by the one before.
 *
 * @throws {InvalidInputError} the layers do not fit one another.
 * @example
 * const model = sequential([
 *   embedding(10_000, 32),
 *   simpleRNN(32),
 *   dense(1, { activation: "sigmoid" }),
 * ]);
 * @see https://keras.io/guides/sequential_model/
 */
export function sequential(layers: readonly Layer[], options: { name?: string } = {}): Sequential {
  return new Sequential(layers, options);
}

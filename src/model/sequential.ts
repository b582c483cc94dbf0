import { describe, InvalidInputError, StateError } from "../runtime/errors";
import { planArchitecture, type Architecture, type WeightPlan } from "./architecture";
import { callbackModel, compileConfig, type CompileConfig, type Compiled } from "./compiled";
import { requestAnyDevice, resolveCompileOptions, type CompileOptions } from "./compile-options";
import { fit, type FitOptions } from "./fit";
import type { History } from "./history";
import { layerFromConfig, type Layer } from "./layers";
import {
  evaluate,
  predict,
  trainOnBatch,
  type EvaluateOptions,
  type PredictOptions,
  type Prediction,
} from "./inference";
import { currentRate, stepSizes } from "./optimizers";
import { Parameters } from "./parameters";
import { chooseScan } from "./scan-choice";
import type { Labels, Session } from "./session";
import { summarize } from "./model-summary";
import type { TokenInput } from "./token-data";
import { checkedState, readOptimizerState, writeOptimizerState } from "./training-state";
import type { OptimizerState, SavedTraining } from "./training-state";
import { checkedWeights, countOf, drawWeights } from "./weight-values";
import type { NamedWeight } from "./weights";
import { read } from "../runtime/arena";
import type { ProgramSample, SamplerOptions } from "../runtime/program-sampler";
import { stepSeed } from "./random";
import { soundShape } from "./self-test";
import { TokenStream } from "./stream";
import { Workspace, type WorkspaceNeeds } from "./workspace";

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
  #values: Float32Array[] | undefined;
  #compiled: Compiled | undefined;
  #saved: SavedTraining | undefined;
  #workspace: Workspace | undefined;
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
    const optimizer = this.#trained ? this.#compiled?.optimizer : undefined;
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
    await this.#exclusively("compile", () => this.#compile(options));
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
    const checked = state && checkedState(options.optimizer, this.#weightPlans(), state);
    this.#saved = { options, state: checked };
  }

  /** Optimizer, loss and metrics, as `compile` or the model's file gave them; undefined without either. */
  getCompileConfig(): CompileConfig | undefined {
    if (this.#compiled) return compileConfig(this.#compiled);
    if (!this.#saved) return undefined;
    const { optimizer, loss, metrics } = this.#saved.options;
    return { optimizer, loss, metrics };
  }

  async #compile(options: CompileOptions): Promise<void> {
    const settings = resolveCompileOptions(options, this.architecture);
    const values = await this.#currentValues(settings.drawnSeed);
    const device = options.device ?? this.#compiled?.device ?? (await requestAnyDevice());
    const scan = await chooseScan(device, this.architecture, options);
    if (options.selfTest !== false) scan.shape = await soundShape(device, scan.shape);
    const parameters = new Parameters(device, this.architecture.layers);
    this.#release();
    parameters.set(values);
    this.#compiled = { device, parameters, ...scan, seed: options.seed, ...settings };
    this.#saved = undefined;
    this.#values = values;
  }

  async #compileAsSaved({ options, state }: SavedTraining): Promise<void> {
    await this.#compile(options);
    if (state) await this.setOptimizerState(state);
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
    return this.#exclusively("fit", () => fit(this.#session("fit"), x, y, options));
  }

  /** Loss and accuracy on a data set: `{ loss, acc }`. Throws as `fit` does. */
  async evaluate(x: TokenInput, y: Labels, options: EvaluateOptions = {}): Promise<Record<string, number>> {
    return this.#exclusively("evaluate", () => evaluate(this.#session("evaluate"), x, y, options));
  }

  /** The model's outputs: `{ data, shape }` with shape [rows, columns] or [rows, steps, columns]. */
  async predict(x: TokenInput, options: PredictOptions = {}): Promise<Prediction> {
    return this.#exclusively("predict", () => predict(this.#session("predict"), x, options));
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
    return this.#exclusively("stream", () => {
      const session = this.#session("stream");
      return TokenStream.open(session, () => this.#compiled === session.compiled);
    });
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
    this.#workspace?.resetStates();
  }

  /** One optimizer step on one batch; resolves to the batch's loss and accuracy before the step. */
  async trainOnBatch(
    x: TokenInput,
    y: Labels,
    options: { sampleWeight?: ArrayLike<number> } = {},
  ): Promise<Record<string, number>> {
    return this.#exclusively("trainOnBatch", () =>
      trainOnBatch(this.#session("trainOnBatch"), x, y, options),
    );
  }

  /** The weights in Keras's order, with Keras's names. */
  async getWeights(): Promise<NamedWeight[]> {
    this.#assertUsable("getWeights");
    const values = await this.#currentValues(0);
    return this.#weightPlans().map(({ name, shape }, i) => ({ name, shape, data: values[i].slice() }));
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
    const values = checkedWeights(weights, this.#weightPlans());
    this.#values = values;
    this.#compiled?.parameters.set(values);
    return Promise.resolve();
  }

  /** The gradients of the last training step, in the order and with the names of the weights. */
  async getGradients(): Promise<NamedWeight[]> {
    this.#assertUsable("getGradients");
    const { parameters } = this.#session("getGradients").compiled;
    return parameters.read(parameters.gradients.flat);
  }

  /** What the optimizer remembers of each weight, by slot (`velocity`, `momentum`, …). */
  async getOptimizerSlots(): Promise<Record<string, NamedWeight[]>> {
    return (await this.getOptimizerState()).slots;
  }

  /** Where the optimizer is: its steps so far, the learning rate, and what it remembers of each weight. */
  async getOptimizerState(): Promise<OptimizerState> {
    this.#assertUsable("getOptimizerState");
    if (!this.#compiled && this.#saved) {
      const { options, state } = this.#saved;
      return state ?? { iterations: 0, learningRate: options.optimizer.learningRate, slots: {} };
    }
    return readOptimizerState(this.#session("getOptimizerState").compiled);
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
    const { compiled } = this.#session("setOptimizerState");
    writeOptimizerState(compiled, checkedState(compiled.optimizer, this.#weightPlans(), state));
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
    this.#release();
  }

  #session(where: string): Session {
    const compiled = this.#compiled;
    if (!compiled) {
      throw new StateError(
        describe(where, "a compiled model", "one that is not", "call compile({ loss: … }) first"),
      );
    }
    compiled.device.assertAlive(where);
    return {
      architecture: this.architecture,
      compiled,
      callbackModel: (state) => callbackModel(this, compiled, state),
      nextStep: () => {
        this.#trained = true;
        const { learningRate, optimizer, drawnSeed } = compiled;
        const iteration = ++compiled.iterations;
        compiled.learningRate = currentRate(optimizer, iteration, learningRate);
        const sizes = stepSizes(optimizer.rule, learningRate, iteration);
        return { ...sizes, learningRate, seed: stepSeed(drawnSeed, iteration) };
      },
      workspace: (needs) => this.#workspaceFor(compiled, needs),
      config: () => this.getConfig(),
      useShape: (shape) => this.#useShape(compiled, shape),
      profile: () => this.#profile,
      sawSteps: (steps) => (this.#steps ??= steps),
    };
  }

  #useShape(compiled: Compiled, shape: Compiled["shape"]): void {
    if (compiled.shape === shape) return;
    compiled.shape = shape;
    this.#workspace?.dispose();
    this.#workspace = undefined;
  }

  async #workspaceFor(compiled: Compiled, needs: WorkspaceNeeds): Promise<Workspace> {
    const before = this.#workspace;
    if (before?.serves(needs)) return before;
    const carried = before && before.carried.length > 0 ? await read(compiled.device, before.carried) : [];
    before?.dispose();
    this.#workspace = undefined;
    const workspace = await Workspace.create(this.architecture, compiled, needs);
    workspace.takeStates(carried);
    return (this.#workspace = workspace);
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
      if (this.#saved && where !== "compile") await this.#compileAsSaved(this.#saved);
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

  #weightPlans(): WeightPlan[] {
    return this.architecture.layers.flatMap(({ weights }) => weights);
  }

  /** The weights as they are now: from the device, from `setWeights`, or drawn. */
  async #currentValues(seed: number): Promise<Float32Array[]> {
    if (this.#compiled) return this.#compiled.parameters.get();
    return (this.#values ??= drawWeights(this.architecture, seed));
  }

  #release(): void {
    this.#workspace?.dispose();
    this.#workspace = undefined;
    this.#compiled?.parameters.dispose();
    this.#compiled = undefined;
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

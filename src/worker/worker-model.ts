import type { CompileOptions, EvaluateOptions, FitOptions, History, Labels, Layer } from "../index";
import type { NamedWeight, Prediction, PredictOptions, ProgramSample, TokenInput } from "../index";
import { snapshotOf } from "../model/fit-options";
import type { OptimizerState } from "../model/training-state";
import type { Line } from "./line";
import type { WorkerDevice } from "./worker-device";
import { WorkerStream } from "./worker-stream";

/** For large data: hand it to the worker without copying it. */
export interface TransferOption {
  /** The buffers of x and y move to the worker, and are empty in the page from then on. Default `false`: copied. */
  transfer?: boolean;
}

/** As {@link CompileOptions}, with a device of the worker. */
export type WorkerCompileOptions = Omit<CompileOptions, "device"> & { device?: WorkerDevice };

/** What the worker says of a model it has made. */
export interface ModelDescription {
  id: number;
  name: string;
  parameterCount: number;
  config: { name: string; layers: Layer[] };
}

/**
 * A model that lives in a worker: the methods of `Sequential`, each a promise. Made by `WorkerEngine.sequential`.
 * Callbacks run in the page, and training waits for them; errors keep their class and message.
 */
export class WorkerModel {
  readonly name: string;
  /** Number of weights. */
  readonly parameterCount: number;
  readonly #line: Line;
  readonly #id: number;
  readonly #config: ModelDescription["config"];

  constructor(line: Line, { id, name, parameterCount, config }: ModelDescription) {
    this.name = name;
    this.parameterCount = parameterCount;
    this.#line = line;
    this.#id = id;
    this.#config = config;
  }

  /** Fixes the input's length; see `Sequential.build`. */
  async build(inputShape: readonly (number | null)[]): Promise<this> {
    await this.#call("build", [inputShape]);
    return this;
  }

  /** Prints the model's table in the page, and resolves to it; see `Sequential.summary`. */
  async summary({ width, print = console.log }: { width?: number; print?: (text: string) => void } = {}) {
    const text = (await this.#call("summary", [{ width }])) as string;
    print(text);
    return text;
  }

  /** Chooses optimizer, loss and metrics, and puts the model on a device of the worker; see `Sequential.compile`. */
  async compile({ device, ...options }: WorkerCompileOptions): Promise<void> {
    await this.#call("compile", [{ ...options, device: device?.reference }]);
  }

  /**
   * Trains for a number of epochs; see `Sequential.fit`. `signal`, `callbacks` and the store of `checkpoint` work across the border.
   *
   * @example
   * await model.fit(x, y, { epochs: 10, callbacks: [{ onEpochEnd: (epoch, logs) => console.log(epoch, logs) }] });
   */
  async fit(x: TokenInput, y: Labels, options: FitOptions & TransferOption = {}): Promise<History> {
    const { signal, callbacks, transfer, checkpoint, resume, ...rest } = options;
    const { store, ...schedule } = checkpoint ?? {};
    const plain = {
      ...rest,
      ...(checkpoint ? { checkpoint: schedule } : {}),
      resume: await snapshotOf({ resume, checkpoint }),
    };
    const more = { signal, callbacks, transfer, store, model: this };
    return (await this.#line.call(this.#id, "fit", [x, y, plain], more)) as History;
  }

  /** Loss and accuracy on a data set; see `Sequential.evaluate`. */
  async evaluate(
    x: TokenInput,
    y: Labels,
    { signal, transfer, ...rest }: EvaluateOptions & TransferOption = {},
  ): Promise<Record<string, number>> {
    const result = await this.#line.call(this.#id, "evaluate", [x, y, rest], { signal, transfer });
    return result as Record<string, number>;
  }

  /** The model's outputs; see `Sequential.predict`. */
  async predict(
    x: TokenInput,
    { signal, transfer, ...rest }: PredictOptions & TransferOption = {},
  ): Promise<Prediction> {
    return (await this.#line.call(this.#id, "predict", [x, rest], { signal, transfer })) as Prediction;
  }

  /**
   * Takes a sequence token by token; see `Sequential.stream`.
   *
   * @example
   * const stream = await model.stream();
   * for (const token of tokens) console.log((await stream.next(token)).output[0]);
   * stream.dispose();
   */
  async stream(): Promise<WorkerStream> {
    return new WorkerStream(this.#line, (await this.#call("stream", [])) as number);
  }

  /**
   * Has the GPU time of a training step's kernels told while `fit` runs; see `Sequential.profile`. The listener
   * runs in the page, and nothing waits for it.
   *
   * @param options interval in milliseconds, 1,000 where left out
   * @returns ends it
   * @example
   * const end = await model.profile(({ steps }) => steps.forEach(({ kernel, milliseconds }) => show(kernel, milliseconds)));
   */
  async profile(
    listener: (sample: ProgramSample) => void,
    options: { interval?: number } = {},
  ): Promise<() => void> {
    const number = this.#line.listen(listener);
    const end = (): void => {
      this.#line.ignore(number);
      this.#call("endProfile", [number]).catch(() => undefined);
    };
    try {
      await this.#call("profile", [number, options]);
    } catch (error) {
      this.#line.ignore(number);
      throw error;
    }
    return end;
  }

  /** Lets stateful layers begin anew; see `Sequential.resetStates`. */
  async resetStates(): Promise<void> {
    await this.#call("resetStates", []);
  }

  /** One optimizer step on one batch; see `Sequential.trainOnBatch`. */
  async trainOnBatch(
    x: TokenInput,
    y: Labels,
    { transfer, ...rest }: { sampleWeight?: ArrayLike<number> } & TransferOption = {},
  ): Promise<Record<string, number>> {
    const result = await this.#line.call(this.#id, "trainOnBatch", [x, y, rest], { transfer });
    return result as Record<string, number>;
  }

  /** The weights in Keras's order, with Keras's names. */
  async getWeights(): Promise<NamedWeight[]> {
    return (await this.#call("getWeights", [])) as NamedWeight[];
  }

  /** Replaces all weights; see `Sequential.setWeights`. */
  async setWeights(weights: readonly (NamedWeight | ArrayLike<number>)[]): Promise<void> {
    await this.#call("setWeights", [weights]);
  }

  /** The gradients of the last training step; see `Sequential.getGradients`. */
  async getGradients(): Promise<NamedWeight[]> {
    return (await this.#call("getGradients", [])) as NamedWeight[];
  }

  /** What the optimizer remembers of each weight; see `Sequential.getOptimizerSlots`. */
  async getOptimizerSlots(): Promise<Record<string, NamedWeight[]>> {
    return (await this.#call("getOptimizerSlots", [])) as Record<string, NamedWeight[]>;
  }

  /** What the optimizer has come to; see `Sequential.getOptimizerState`. */
  async getOptimizerState(): Promise<OptimizerState> {
    return (await this.#call("getOptimizerState", [])) as OptimizerState;
  }

  /** Goes on where another optimizer stopped; see `Sequential.setOptimizerState`. */
  async setOptimizerState(state: OptimizerState): Promise<void> {
    await this.#call("setOptimizerState", [state]);
  }

  /** The architecture as plain data, as `saveModel` needs it. */
  getConfig(): { name: string; layers: Layer[] } {
    return JSON.parse(JSON.stringify(this.#config)) as { name: string; layers: Layer[] };
  }

  /** Frees all that the model holds on the GPU. A second call does nothing; any other use then rejects. */
  dispose(): void {
    // The worker may be gone already, and the model with it.
    this.#call("dispose", []).catch(() => undefined);
  }

  #call(method: string, args: unknown[]): Promise<unknown> {
    return this.#line.call(this.#id, method, args);
  }
}

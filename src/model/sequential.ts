import { invalid } from "../runtime/errors";
import { summarize } from "./model-summary";
import { planArchitecture } from "./architecture";
import { checkedWeights, countOf, namedWeights, plansOf } from "./weight-values";
import { layerFromConfig, type Layer } from "./layers";
import { Trainer } from "./trainer";
import type { NamedWeight } from "./weights";

/** Columns of `summary` where the terminal does not say. */
const defaultWidth = 80;

/**
 * A stack of layers. Made by {@link sequential}.
 */
export class Sequential extends Trainer {
  readonly name: string;
  readonly #configs: readonly Layer[];
  #steps: number | null | undefined;

  constructor(layers: readonly Layer[], { name = "sequential" }: { name?: string } = {}) {
    super(planArchitecture(layers));
    this.name = name;
    this.#configs = layers;
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
      throw invalid("build", "[batch, steps]", JSON.stringify(inputShape), "pass for instance [null, 500]");
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
    const optimizer = this.trained ? this.getCompileConfig()?.optimizer : undefined;
    const text = summarize(this.name, this.architecture, this.#steps, optimizer, width);
    print(text);
    return text;
  }

  /** The weights in Keras's order, with Keras's names. */
  async getWeights(): Promise<NamedWeight[]> {
    this.assertUsable("getWeights");
    const values = await this.placement.values(0);
    return namedWeights(plansOf(this.architecture), values).map(({ data, ...weight }) => ({
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
    this.assertUsable("setWeights");
    this.placement.setValues(checkedWeights(weights, plansOf(this.architecture)));
    return Promise.resolve();
  }

  /**
   * The gradients of the last training step, in the order and with the names of the weights; zeros for the weights of
   * frozen layers.
   */
  async getGradients(): Promise<NamedWeight[]> {
    this.assertUsable("getGradients");
    const { parameters } = this.placement.session("getGradients").compiled;
    return parameters.readGradients();
  }

  /** The architecture as plain data; `sequentialFromConfig` makes a model of it. */
  getConfig(): { name: string; layers: Layer[] } {
    return { name: this.name, layers: JSON.parse(JSON.stringify(this.#configs)) as Layer[] };
  }

  protected sawSteps(steps: number): void {
    this.#steps ??= steps;
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

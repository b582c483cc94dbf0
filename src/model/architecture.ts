import type { Masked } from "../kernels";
import { invalid } from "../runtime/errors";
import { gatesOf, layerWeights, snakeCase, type WeightPlan } from "./layer-weights";
import type { Conv1dConfig, Layer, MaxPooling1dConfig, RecurrentLayer, Shape } from "./layers";

export type { WeightPlan } from "./layer-weights";

/** A layer with its place in the model: unique name, weights, output. */
export interface LayerPlan {
  config: Exclude<Layer, { className: "InputLayer" }>;
  name: string;
  weights: WeightPlan[];
  /** Output shape for an input of `steps` steps. */
  outputShape: (steps: number | null) => Shape;
  /** Columns of the layer's input. */
  inputs: number;
}

/** A sequential model's layers with everything that follows from their order. */
export interface Architecture {
  layers: LayerPlan[];
  /** Steps as the input layer states them: undefined without one, `null` for any. */
  steps: number | null | undefined;
  inputName: string | undefined;
  /** Columns of the last layer's output. */
  outputs: number;
  /** Whether the output has a row per step. */
  sequences: boolean;
  /** Size of the vocabulary. */
  vocabulary: number;
  /** Whether the embedding's mask reaches the loss: no layer has used it up, or put another one in its place. */
  masksLoss: boolean;
}

/** Steps that are left of `steps`, or of an unknown number. */
type Steps = (steps: number | null) => number | null;

/** What lies between two layers: columns, whether there is a row per step, how many steps, the mask. */
interface Between {
  width: number;
  sequence: boolean;
  steps: Steps;
  masked: Masked;
}

/** Says why a layer cannot stand where it stands. */
type Refuse = (expected: string, got: string, remedy: string) => never;

/**
 * Works out names, shapes and weights.
 *
 * @throws {InvalidInputError} the layers do not fit one another, or two have one name.
 */
export function planArchitecture(configs: readonly Layer[]): Architecture {
  const name = namer();
  const configsLeft = [...configs];
  let steps: number | null | undefined;
  let inputName: string | undefined;
  if (configsLeft[0]?.className === "InputLayer") {
    const first = configsLeft.shift() as Extract<Layer, { className: "InputLayer" }>;
    steps = first.shape[0];
    inputName = name(first);
  }
  const layers: LayerPlan[] = [];
  let vocabulary = 0;
  let between: Between = { width: 0, sequence: true, steps: (t) => t, masked: false };
  configsLeft.forEach((config, i) => {
    const innerName = "layer" in config ? name(config.layer, true) : "";
    const layerName = name(config);
    const refuse: Refuse = (expected, got, remedy) => {
      throw invalid(`sequential, layer ${i} (${layerName})`, expected, got, remedy);
    };
    if (config.className === "InputLayer") {
      return refuse("the input layer first", `it in place ${i}`, "move it to the front");
    }
    if (config.className === "Embedding") {
      if (i > 0) refuse("an embedding as the first layer", `it in place ${i}`, "move it to the front");
      vocabulary = config.inputDim;
    } else if (i === 0) {
      refuse("an embedding before it", "none", "start the model with embedding(inputDim, outputDim)");
    }
    const inputs = between.width;
    const given = steps ?? null;
    const after = following(config, between, given, refuse);
    between = after;
    layers.push({
      config,
      name: layerName,
      inputs,
      weights: layerWeights(config, inputs, layerName, innerName),
      outputShape: after.sequence ? (t) => [null, after.steps(t), after.width] : () => [null, after.width],
    });
  });
  if (layers.length === 0) {
    throw invalid("sequential", "at least one layer", "none", "pass embedding(…), simpleRNN(…) and dense(…)");
  }
  const { width, sequence, masked } = between;
  return {
    layers,
    steps,
    inputName,
    outputs: width,
    sequences: sequence,
    vocabulary,
    masksLoss: masked === "tokens",
  };
}

/** Layers that also take one vector per sample. */
const takesVectors: ReadonlySet<string> = new Set(["Embedding", "Dense", "Dropout", "Flatten"]);

/** What a layer makes of what comes to it. */
function following(
  config: Exclude<Layer, { className: "InputLayer" }>,
  before: Between,
  given: number | null,
  refuse: Refuse,
): Between {
  if (!before.sequence && !takesVectors.has(config.className)) {
    refuse("a sequence as its input", "one vector per sample", "set returnSequences on the layer before");
  }
  const ended = { ...before, masked: false } as const;
  switch (config.className) {
    case "Embedding":
      return { ...before, width: config.outputDim, masked: config.maskZero && "tokens" };
    case "SimpleRNN":
    case "LSTM":
    case "GRU":
      return { ...ended, width: config.units, sequence: config.returnSequences };
    case "Bidirectional": {
      const { units, returnSequences } = config.layer;
      const width = config.mergeMode === "concat" ? 2 * units : units;
      return { ...ended, width, sequence: returnSequences };
    }
    case "Dense":
      return { ...before, width: config.units };
    case "TimeDistributed":
      return { ...before, width: config.layer.units };
    case "Masking":
      return { ...before, masked: "rows" };
    case "Dropout":
    case "SpatialDropout1D":
      return before;
    case "Conv1D":
      return { ...ended, width: config.filters, steps: shorter(config, before, refuse) };
    case "MaxPooling1D":
      return { ...ended, steps: shorter(config, before, refuse) };
    case "GlobalAveragePooling1D":
    case "GlobalMaxPooling1D":
      return { ...ended, sequence: false };
    case "Flatten": {
      if (!before.sequence) return before;
      const steps = before.steps(given);
      if (steps === null) {
        return refuse("a known number of steps", "any", "begin the model with input({ shape: [steps] })");
      }
      return { ...ended, width: before.width * steps, sequence: false };
    }
  }
}

/** Steps that a window sliding over the sequence leaves; fewer than one are refused where they are known. */
function shorter(config: Conv1dConfig | MaxPooling1dConfig, before: Between, refuse: Refuse): Steps {
  const { padding, strides } = config;
  const window = config.className === "Conv1D" ? config.kernelSize : config.poolSize;
  return (t) => {
    const steps = before.steps(t);
    if (steps === null) return null;
    const left =
      padding === "valid" ? Math.floor((steps - window) / strides) + 1 : Math.ceil(steps / strides);
    if (left >= 1) return left;
    return refuse(`at least ${window} steps`, String(steps), 'pass longer rows, or padding "same"');
  };
}

/** @throws {InvalidInputError} the model has no dense layer at its end to which a loss can be put. */
export function checkHead({ layers }: Architecture): void {
  const { config } = layers.at(-1)!;
  if (!denseOf(config)) {
    throw invalid(
      "compile",
      "a model that ends in a dense layer",
      `${config.className} as the last layer`,
      "add dense(units, { activation })",
    );
  }
  const hidden = layers.slice(0, -1).find(({ config }) => denseOf(config)?.activation === "softmax");
  if (hidden) {
    throw invalid(
      "compile",
      "softmax on the last layer only",
      `it on ${hidden.name}`,
      "choose another activation",
    );
  }
}

/** The dense layer that a layer is or applies to every step. */
export function denseOf(config: Layer): Extract<Layer, { className: "Dense" }> | undefined {
  if (config.className === "Dense") return config;
  return config.className === "TimeDistributed" ? config.layer : undefined;
}

/** The layer with a time loop that a layer is or runs in both directions. */
export function recurrentOf(config: Layer): RecurrentLayer | undefined {
  const layer = config.className === "Bidirectional" ? config.layer : config;
  return layer.className in gatesOf ? (layer as RecurrentLayer) : undefined;
}

/** Names as Keras gives them: the class in snake_case, then with _1, _2, … Layers inside others may share names. */
function namer(): (config: Layer, inside?: boolean) => string {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return (config, inside = false) => {
    const base = snakeCase(config.className);
    let name = config.name;
    if (name === undefined) {
      const count = counts.get(base) ?? 0;
      counts.set(base, count + 1);
      name = count === 0 ? base : `${base}_${count}`;
    }
    if (inside) return name;
    if (taken.has(name)) {
      throw invalid(
        "sequential",
        "layers with different names",
        `two called "${name}"`,
        "rename one of them",
      );
    }
    taken.add(name);
    return name;
  };
}

import { readSafetensors } from "../../src/io/safetensors";
import type { StoredTensor } from "../../src/io/safetensors";
import { parseLoss, parseModelConfig, parseOptimizerConfig } from "./keras-config";
import type { LayerDescription, LossDescription, OptimizerDescription } from "./layers";

/** A tensor of a golden or reference file; whole numbers are Int32Array, others keep their width. */
export interface FileTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array;
}

/** Distances of Keras's float32 run to a float64 rerun of it. */
export interface Float32Error {
  readonly predict: number;
  readonly losses: number;
  readonly final: number;
}

/** The arguments of `fit` in an `l_fit_*` file; shuffling is off. */
export interface FitArguments {
  readonly epochs: number;
  readonly batchSize: number;
  readonly validationSplit: number;
  readonly classWeight?: Readonly<Record<string, number>>;
  /** One per row; the tensor `sample_weight` where the file has it. */
  readonly sampleWeight?: ArrayLike<number>;
}

/** What every golden holds. Lists of tensors are in `get_weights()` order, with Keras's names. */
interface GoldenBase {
  readonly name: string;
  readonly layers: LayerDescription[];
  readonly inputLength: number | null;
  readonly optimizer: OptimizerDescription;
  readonly loss: LossDescription;
  readonly metrics: string[];
  readonly tokens: FileTensor;
  readonly labels: FileTensor;
  readonly init: FileTensor[];
  readonly final: FileTensor[];
}

/** One batch, trained on five times. */
export interface StepGolden extends GoldenBase {
  readonly kind: "steps";
  readonly grads: FileTensor[];
  readonly step1: FileTensor[];
  readonly losses: Float32Array;
  readonly losses64: Float64Array;
  readonly accs: Float32Array;
  readonly predict: FileTensor;
  readonly predict64: FileTensor;
  readonly predictFinal: FileTensor;
  /** Outputs of the layers under the initial weights; names are the layers'. */
  readonly acts: FileTensor[];
  /** The slots in Keras's order; not its plain numbers: iteration, learning rate, Nadam's product. */
  readonly optVars: FileTensor[];
  readonly float32Error: Float32Error;
}

/** A run of `fit`, with `evaluate` before and after: [loss, acc]. */
export interface FitGolden extends GoldenBase {
  readonly kind: "fit";
  readonly fit: FitArguments;
  readonly history: Readonly<Record<string, Float32Array>>;
  readonly evaluateInit: Float32Array;
  readonly evaluateFinal: Float32Array;
}

export type Golden = StepGolden | FitGolden;

/** Parses a file of `keras-goldens`. */
export function parseGolden(bytes: ArrayBuffer | Uint8Array): Golden {
  const file = readTensors(bytes);
  const { metadata } = file;
  const base = {
    name: required(metadata.name, "name"),
    ...parseModelConfig(required(metadata.model_config, "model_config")),
    optimizer: parseOptimizerConfig(required(metadata.optimizer_config, "optimizer_config")),
    loss: parseLoss(required(metadata.loss, "loss")),
    metrics: JSON.parse(required(metadata.metrics, "metrics")) as string[],
    tokens: file.one("tokens"),
    labels: file.one("labels"),
    init: file.list("init"),
    final: file.list("final"),
  };
  return metadata.fit === undefined ? stepGolden(base, file) : fitGolden(base, file, metadata.fit);
}

function stepGolden(base: GoldenBase, file: Tensors): StepGolden {
  return {
    ...base,
    kind: "steps",
    grads: file.list("grad"),
    step1: file.list("step1"),
    losses: file.one("losses").data as Float32Array,
    losses64: file.one("losses64").data as Float64Array,
    accs: file.one("accs").data as Float32Array,
    predict: file.one("predict"),
    predict64: file.one("predict64"),
    predictFinal: file.one("predict_final"),
    acts: file.list("act"),
    optVars: file.list("opt").filter(({ shape }) => shape.length > 0),
    float32Error: JSON.parse(required(file.metadata.float32_error, "float32_error")) as Float32Error,
  };
}

function fitGolden(base: GoldenBase, file: Tensors, fitJson: string): FitGolden {
  const fit = JSON.parse(fitJson) as {
    epochs: number;
    batch_size: number;
    validation_split?: number;
    class_weight?: Record<string, number>;
  };
  const sampleWeight = file.optional("sample_weight")?.data;
  const history: Record<string, Float32Array> = {};
  for (const name of file.names("history.")) {
    history[name.slice("history.".length)] = file.one(name).data as Float32Array;
  }
  return {
    ...base,
    kind: "fit",
    fit: {
      epochs: fit.epochs,
      batchSize: fit.batch_size,
      validationSplit: fit.validation_split ?? 0,
      ...(fit.class_weight ? { classWeight: fit.class_weight } : {}),
      ...(sampleWeight ? { sampleWeight } : {}),
    },
    history,
    evaluateInit: file.one("evaluate_init").data as Float32Array,
    evaluateFinal: file.one("evaluate_final").data as Float32Array,
  };
}

/** A float64 training run of Embedding → SimpleRNN → Dense(1, sigmoid), from `shared/reference`. */
export interface Reference {
  /** V, E, U, B, T and the number of steps. */
  readonly vocabulary: number;
  readonly width: number;
  readonly units: number;
  readonly batch: number;
  readonly timeSteps: number;
  readonly trainingSteps: number;
  readonly layers: LayerDescription[];
  readonly optimizer: OptimizerDescription;
  readonly loss: LossDescription;
  /** [steps][B][T] */
  readonly tokens: Int32Array;
  /** [steps][B] */
  readonly labels: Int32Array;
  /** In `get_weights()` order with Keras's names, as `grads` and `final`. */
  readonly init: FileTensor[];
  readonly grads: FileTensor[];
  readonly final: FileTensor[];
  /** [B][T][U], where the file has all states. */
  readonly hidden: Float64Array | undefined;
  /** [B][U] */
  readonly lastHidden: Float64Array;
  readonly logits: Float64Array;
  readonly probabilities: Float64Array;
  readonly losses: Float64Array;
}

const referenceNames = [
  ["embedding", "embedding/embeddings"],
  ["kernel", "simple_rnn/simple_rnn_cell/kernel"],
  ["recurrent_kernel", "simple_rnn/simple_rnn_cell/recurrent_kernel"],
  ["bias", "simple_rnn/simple_rnn_cell/bias"],
  ["dense_kernel", "dense/kernel"],
  ["dense_bias", "dense/bias"],
] as const;

/** Parses a file of `reference`. */
export function parseReference(bytes: ArrayBuffer | Uint8Array): Reference {
  const file = readTensors(bytes);
  const number = (key: string): number => Number(required(file.metadata[key], key));
  const [vocabulary, width, units, batch] = [number("V"), number("E"), number("U"), number("B")];
  const timeSteps = number("T");
  const weights = (prefix: string): FileTensor[] =>
    referenceNames.map(([key, name]) => ({ ...file.one(`${prefix}.${key}`), name }));
  const hidden = file.optional("step0.hidden")?.data as Float64Array | undefined;
  return {
    vocabulary,
    width,
    units,
    batch,
    timeSteps,
    trainingSteps: number("steps"),
    layers: referenceLayers(vocabulary, width, units, required(file.metadata.activation, "activation")),
    optimizer: {
      type: "rmsprop",
      learningRate: number("learning_rate"),
      rho: number("rho"),
      epsilon: number("epsilon"),
      momentum: 0,
      centered: false,
    },
    loss: { name: "binaryCrossentropy", fromLogits: false },
    tokens: file.one("tokens").data as Int32Array,
    labels: file.one("labels").data as Int32Array,
    init: weights("init"),
    grads: weights("step0.grad"),
    final: weights("final"),
    hidden,
    lastHidden: hidden
      ? lastStates(hidden, batch, timeSteps, units)
      : (file.one("step0.last_hidden").data as Float64Array),
    logits: file.one("step0.logits").data as Float64Array,
    probabilities: file.one("step0.probabilities").data as Float64Array,
    losses: file.one("losses").data as Float64Array,
  };
}

function referenceLayers(
  inputDim: number,
  outputDim: number,
  units: number,
  activation: string,
): LayerDescription[] {
  return [
    { type: "embedding", name: "embedding", inputDim, outputDim, maskZero: false },
    {
      type: "simpleRNN",
      name: "simple_rnn",
      units,
      activation: activation as "tanh" | "relu",
      useBias: true,
      returnSequences: false,
      goBackwards: false,
    },
    { type: "dense", name: "dense", units: 1, activation: "sigmoid", useBias: true },
  ];
}

function lastStates(hidden: Float64Array, batch: number, steps: number, units: number): Float64Array {
  const last = new Float64Array(batch * units);
  for (let b = 0; b < batch; b++) {
    const begin = (b * steps + steps - 1) * units;
    last.set(hidden.subarray(begin, begin + units), b * units);
  }
  return last;
}

interface Tensors {
  readonly metadata: Record<string, string>;
  one(name: string): FileTensor;
  optional(name: string): FileTensor | undefined;
  /** The tensors `prefix.NN.name` in order of NN, under their bare names. */
  list(prefix: string): FileTensor[];
  names(prefix: string): string[];
}

function readTensors(bytes: ArrayBuffer | Uint8Array): Tensors {
  const { tensors, metadata } = readSafetensors(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
  const names = (prefix: string): string[] =>
    [...tensors.keys()].filter((name) => name.startsWith(prefix)).sort();
  const optional = (name: string): FileTensor | undefined => {
    const tensor = tensors.get(name);
    return tensor && toFileTensor(tensor);
  };
  const one = (name: string): FileTensor => required(optional(name), name);
  return {
    metadata,
    one,
    optional,
    names,
    list: (prefix) =>
      names(`${prefix}.`).map((name) => ({ ...one(name), name: name.slice(prefix.length + ".NN.".length) })),
  };
}

function toFileTensor({ name, shape, data }: StoredTensor): FileTensor {
  if (data instanceof Float32Array || data instanceof Float64Array || data instanceof Int32Array) {
    return { name, shape, data };
  }
  throw new Error(`golden: tensor ${name} has an element type the goldens do not use`);
}

function required<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new Error(`golden: expected "${name}" in the file, got none`);
  return value;
}

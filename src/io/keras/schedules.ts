import {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  piecewiseConstantDecay,
  polynomialDecay,
} from "../../model/schedules";
import type { LearningRateSchedule } from "../../model/learning-rate-schedule";
import { isRecord } from "../stored-model";

type Config = Readonly<Record<string, unknown>>;

/** How one schedule is written in Keras's files. */
interface Translation {
  /** What Keras calls it where the user does not. */
  readonly name: string;
  /** Keras's arguments by this library's names. */
  readonly arguments: Readonly<Record<string, string>>;
  /** Of checked numbers and booleans, by this library's names. */
  make(config: Schedules): LearningRateSchedule;
}

/** The entries of all schedules together. */
interface Schedules {
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  staircase: boolean;
  boundaries: number[];
  values: number[];
  endLearningRate: number;
  power: number;
  cycle: boolean;
  alpha: number;
  warmupTarget: number | null;
  warmupSteps: number;
  firstDecaySteps: number;
  tMul: number;
  mMul: number;
}

const decay = {
  initialLearningRate: "initial_learning_rate",
  decaySteps: "decay_steps",
  decayRate: "decay_rate",
  staircase: "staircase",
};

const translations: Readonly<Record<LearningRateSchedule["className"], Translation>> = {
  ExponentialDecay: {
    name: "ExponentialDecay",
    arguments: decay,
    make: ({ initialLearningRate, decaySteps, decayRate, staircase }) =>
      exponentialDecay(initialLearningRate, decaySteps, decayRate, { staircase }),
  },
  PiecewiseConstantDecay: {
    name: "PiecewiseConstant",
    arguments: { boundaries: "boundaries", values: "values" },
    make: ({ boundaries, values }) => piecewiseConstantDecay(boundaries, values),
  },
  PolynomialDecay: {
    name: "PolynomialDecay",
    arguments: {
      initialLearningRate: "initial_learning_rate",
      decaySteps: "decay_steps",
      endLearningRate: "end_learning_rate",
      power: "power",
      cycle: "cycle",
    },
    make: ({ initialLearningRate, decaySteps, endLearningRate, power, cycle }) =>
      polynomialDecay(initialLearningRate, decaySteps, { endLearningRate, power, cycle }),
  },
  InverseTimeDecay: {
    name: "InverseTimeDecay",
    arguments: decay,
    make: ({ initialLearningRate, decaySteps, decayRate, staircase }) =>
      inverseTimeDecay(initialLearningRate, decaySteps, decayRate, { staircase }),
  },
  CosineDecay: {
    name: "CosineDecay",
    arguments: {
      initialLearningRate: "initial_learning_rate",
      decaySteps: "decay_steps",
      alpha: "alpha",
      warmupTarget: "warmup_target",
      warmupSteps: "warmup_steps",
    },
    make: ({ initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps }) =>
      cosineDecay(initialLearningRate, decaySteps, { alpha, warmupTarget, warmupSteps }),
  },
  CosineDecayRestarts: {
    name: "SGDRDecay",
    arguments: {
      initialLearningRate: "initial_learning_rate",
      firstDecaySteps: "first_decay_steps",
      tMul: "t_mul",
      mMul: "m_mul",
      alpha: "alpha",
    },
    make: ({ initialLearningRate, firstDecaySteps, tMul, mMul, alpha }) =>
      cosineDecayRestarts(initialLearningRate, firstDecaySteps, { tMul, mMul, alpha }),
  },
};

/**
 * A learning rate schedule of a Keras file; undefined where it is none that this library has.
 *
 * @throws {InvalidInputError} numbers out of their range.
 */
export function scheduleFromKeras(stored: unknown): LearningRateSchedule | undefined {
  if (!isRecord(stored) || !isRecord(stored.config)) return undefined;
  const { class_name: className, config } = stored;
  if (typeof className !== "string" || !Object.hasOwn(translations, className)) return undefined;
  const translation = translations[className as LearningRateSchedule["className"]];
  const entries = Object.entries(translation.arguments).map(([own, keras]) => [own, config[keras]] as const);
  const given = entries.filter(([, value]) => value !== undefined && value !== null);
  if (!given.every(([key, value]) => isOfItsType(key, value))) return undefined;
  return translation.make(Object.fromEntries(given) as unknown as Schedules);
}

function isOfItsType(key: string, value: unknown): boolean {
  if (key === "staircase" || key === "cycle") return typeof value === "boolean";
  if (key !== "boundaries" && key !== "values") return typeof value === "number";
  return Array.isArray(value) && value.every((entry) => typeof entry === "number");
}

/** A schedule as Keras 3 writes it. */
export function scheduleToKeras({ className, ...values }: LearningRateSchedule): Record<string, unknown> {
  const { name, arguments: names } = translations[className];
  const own: Config = values;
  const config = Object.entries(names).map(([key, keras]): [string, unknown] => [keras, own[key]]);
  return {
    module: "keras.optimizers.schedules",
    class_name: className,
    config: { ...Object.fromEntries(config), name },
    registered_name: null,
  };
}

import { invalid } from "../runtime/errors";
import { byName } from "./checks";
import { orthonormalizeRows } from "./orthogonal";
import type { Random } from "./random";

/** A rule for the first values of a weight. Made by the functions below, or by the user. */
export interface Initializer {
  /** In camelCase: `"glorotUniform"`. */
  readonly name: string;
  /** The arguments it was made with, as they are saved with a model. */
  readonly config: Readonly<Record<string, number>>;
  /**
   * @param shape of the weight, in Keras's layout
   * @param random where the numbers come from
   * @returns the values in row-major order
   */
  create(shape: readonly number[], random: Random): Float32Array<ArrayBuffer>;
}

/** Standard deviation of a standard normal distribution cut off at two. */
const truncatedDeviation = 0.87962566103423978;

/** All zeros. */
export function zeros(): Initializer {
  return filled("zeros", {}, () => () => 0);
}

/** All ones. */
export function ones(): Initializer {
  return filled("ones", {}, () => () => 1);
}

/** All of one value: `constant(1)` or `constant({ value: 1 })`. */
export function constant(options: number | { value?: number } = {}): Initializer {
  const { value = 0 } = typeof options === "number" ? { value: options } : options;
  return filled("constant", { value }, () => () => value);
}

/** Uniform in [minval, maxval); embeddings start so. */
export function randomUniform({ minval = -0.05, maxval = 0.05 } = {}): Initializer {
  return filled("randomUniform", { minval, maxval }, (_shape, random) => uniform(random, minval, maxval));
}

/** Normal. */
export function randomNormal({ mean = 0, stddev = 0.05 } = {}): Initializer {
  return filled("randomNormal", { mean, stddev }, (_shape, random) => () => mean + stddev * random.normal());
}

/** Normal, values more than two deviations off drawn again. */
export function truncatedNormal({ mean = 0, stddev = 0.05 } = {}): Initializer {
  return filled(
    "truncatedNormal",
    { mean, stddev },
    (_shape, random) => () => mean + stddev * random.truncatedNormal(),
  );
}

/** Uniform within sqrt(6 / (fanIn + fanOut)); input kernels start so. Glorot and Bengio, 2010. */
export function glorotUniform(): Initializer {
  return scaledUniform("glorotUniform", ({ fanIn, fanOut }) => 2 / (fanIn + fanOut));
}

/** Truncated normal of variance 2 / (fanIn + fanOut). Glorot and Bengio, 2010. */
export function glorotNormal(): Initializer {
  return scaledNormal("glorotNormal", ({ fanIn, fanOut }) => 2 / (fanIn + fanOut));
}

/** Uniform within sqrt(6 / fanIn). He et al., 2015. */
export function heUniform(): Initializer {
  return scaledUniform("heUniform", ({ fanIn }) => 2 / fanIn);
}

/** Truncated normal of variance 2 / fanIn. He et al., 2015. */
export function heNormal(): Initializer {
  return scaledNormal("heNormal", ({ fanIn }) => 2 / fanIn);
}

/** Uniform within sqrt(3 / fanIn). Klambauer et al., 2017. */
export function lecunUniform(): Initializer {
  return scaledUniform("lecunUniform", ({ fanIn }) => 1 / fanIn);
}

/** Truncated normal of variance 1 / fanIn. Klambauer et al., 2017. */
export function lecunNormal(): Initializer {
  return scaledNormal("lecunNormal", ({ fanIn }) => 1 / fanIn);
}

/**
 * A random matrix with orthonormal rows or columns, whichever are fewer, times `gain`; recurrent
 * kernels start so. All axes but the last are taken together as rows. Saxe et al., 2014.
 *
 * @throws InvalidInputError from `create`, for a shape of fewer than two axes
 */
export function orthogonal({ gain = 1 } = {}): Initializer {
  return {
    name: "orthogonal",
    config: { gain },
    create: (shape, random) => orthogonalMatrix(shape, gain, random),
  };
}

const factories = {
  zeros,
  ones,
  constant,
  randomUniform,
  randomNormal,
  truncatedNormal,
  glorotUniform,
  glorotNormal,
  heUniform,
  heNormal,
  lecunUniform,
  lecunNormal,
  orthogonal,
} as const;

/** An initialiser as JSON keeps it: without its function. */
export type StoredInitializer = Pick<Initializer, "name" | "config">;

/**
 * The initialiser of a name, of what JSON has kept of one, or the one given.
 *
 * @param initializer a name in camelCase, snake_case or as Keras's class, or an initialiser
 * @throws InvalidInputError for an unknown name
 * @example
 * const kernel = resolveInitializer("glorot_uniform").create([32, 32], new Random(0));
 */
export function resolveInitializer(initializer: string | Initializer | StoredInitializer): Initializer {
  if (typeof initializer !== "object" || initializer === null) return makeInitializer(initializer, {});
  if ("create" in initializer && typeof initializer.create === "function") return initializer;
  return makeInitializer(initializer.name, initializer.config ?? {});
}

/** `config` may come from a file, and so be anything. */
function makeInitializer(name: unknown, config: Readonly<Record<string, number>>): Initializer {
  const factory: (options: typeof config) => Initializer = byName("initializer", "name", factories, name);
  const argument = Object.entries(config).find(([, value]) => !Number.isFinite(value));
  if (argument !== undefined) {
    const [key, value] = argument;
    throw invalid(`initializer ${String(name)}`, `a finite number as ${key}`, String(value), "correct it");
  }
  return factory(config);
}

function filled(
  name: string,
  config: Readonly<Record<string, number>>,
  makeDraw: (shape: readonly number[], random: Random) => () => number,
): Initializer {
  const create = (shape: readonly number[], random: Random): Float32Array<ArrayBuffer> => {
    const draw = makeDraw(shape, random);
    const values = new Float32Array(shape.reduce((product, dimension) => product * dimension, 1));
    for (let i = 0; i < values.length; i++) values[i] = draw();
    return values;
  };
  return { name, config, create };
}

interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

function scaledUniform(name: string, variance: (fans: Fans) => number): Initializer {
  return filled(name, {}, (shape, random) => {
    const limit = Math.sqrt(3 * variance(fansOf(shape)));
    return uniform(random, -limit, limit);
  });
}

function scaledNormal(name: string, variance: (fans: Fans) => number): Initializer {
  return filled(name, {}, (shape, random) => {
    const deviation = Math.sqrt(variance(fansOf(shape))) / truncatedDeviation;
    return () => deviation * random.truncatedNormal();
  });
}

function uniform(random: Random, low: number, high: number): () => number {
  return () => low + (high - low) * random.uniform();
}

/** Keras's fans: of a vector its length both ways, beyond two axes the rest is a receptive field. */
function fansOf(shape: readonly number[]): Fans {
  const atLeastOne = (fan: number): number => Math.max(1, fan);
  if (shape.length < 2) {
    const fan = atLeastOne(shape[0] ?? 1);
    return { fanIn: fan, fanOut: fan };
  }
  const field = shape.slice(0, -2).reduce((product, dimension) => product * dimension, 1);
  const [inputs, outputs] = shape.slice(-2);
  return { fanIn: atLeastOne(inputs * field), fanOut: atLeastOne(outputs * field) };
}

function orthogonalMatrix(shape: readonly number[], gain: number, random: Random): Float32Array<ArrayBuffer> {
  if (shape.length < 2) {
    const got = `[${shape.join(", ")}]`;
    throw invalid(
      "orthogonal",
      "a shape of two or more axes",
      got,
      "choose another initializer for a vector",
    );
  }
  const columns = shape[shape.length - 1];
  const rows = shape.slice(0, -1).reduce((product, dimension) => product * dimension, 1);
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const vectors = new Float64Array(count * length);
  for (let i = 0; i < vectors.length; i++) vectors[i] = random.normal();
  orthonormalizeRows(vectors, count, length);
  const matrix = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      matrix[r * columns + c] = gain * (rows < columns ? vectors[r * length + c] : vectors[c * length + r]);
    }
  }
  return matrix;
}

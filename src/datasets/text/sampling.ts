import { invalid } from "../../runtime/errors";
import { RandomState } from "../random-state";

/** How likely tokens are made likelier or rarer before one is drawn. */
export interface TemperingOptions {
  /** Below 1 the likely become likelier, above 1 the rare; 0 always takes the likeliest (default 1). */
  temperature?: number;
  /** Draw from the K likeliest only; from all where it is left out. */
  topK?: number;
  /** Ids that are never drawn. */
  exclude?: readonly number[];
}

export interface SamplerOptions extends TemperingOptions {
  /** Seed of the draws (default 0). */
  seed?: number;
}

/** Draws an id from a model's output, (V) probabilities. */
export type Sampler = (probabilities: ArrayLike<number>) => number;

const where = "sampler";

function checkOptions({ temperature = 1, topK }: TemperingOptions): void {
  if (!(temperature >= 0 && temperature < Infinity)) {
    const expected = "temperature as a number from 0";
    throw invalid(where, expected, String(temperature), "pass for instance 0.8");
  }
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1)) {
    const expected = "topK as a whole number of at least 1";
    throw invalid(where, expected, String(topK), "pass such a number or leave it out");
  }
}

/** The ids that may be drawn: likely ones first, of equally likely ones the smaller id. */
function candidates(probabilities: ArrayLike<number>, { topK, exclude = [] }: TemperingOptions): number[] {
  const ids: number[] = [];
  for (let id = 0; id < probabilities.length; id++) {
    const probability = probabilities[id];
    if (!(probability >= 0 && probability < Infinity)) {
      const got = `${probability} at ${id}`;
      const remedy = "check the model: training may have diverged";
      throw invalid(where, "probabilities from 0", got, remedy);
    }
    if (probability > 0 && !exclude.includes(id)) ids.push(id);
  }
  if (ids.length === 0) {
    const expected = "an id with a probability above 0 that is not excluded";
    throw invalid(where, expected, "none", "check the model and exclude");
  }
  ids.sort((a, b) => probabilities[b] - probabilities[a] || a - b);
  return topK === undefined ? ids : ids.slice(0, topK);
}

/**
 * The distribution that a sampler draws from: the K likeliest probabilities to the power of 1/temperature, scaled to
 * a sum of 1; all others 0. No temperature overflows.
 *
 * @param probabilities (V), not negative; their sum does not matter
 * @returns (V)
 * @throws InvalidInputError for options out of range, or where no id is left
 * @example
 * temper([0.5, 0.25, 0.25], { temperature: 0.5 }); // 2/3, 1/6, 1/6
 */
export function temper(probabilities: ArrayLike<number>, options: TemperingOptions = {}): Float64Array {
  checkOptions(options);
  const { temperature = 1 } = options;
  const ids = candidates(probabilities, options);
  const distribution = new Float64Array(probabilities.length);
  if (temperature === 0) {
    distribution[ids[0]] = 1;
    return distribution;
  }
  const largest = probabilities[ids[0]];
  let sum = 0;
  for (const id of ids) {
    distribution[id] = Math.exp(Math.log(probabilities[id] / largest) / temperature);
    sum += distribution[id];
  }
  for (const id of ids) distribution[id] /= sum;
  return distribution;
}

/**
 * Makes a sampler: each call draws one id. The same seed and the same probabilities give the same ids on every
 * machine.
 *
 * @throws InvalidInputError for options out of range; its calls, where a probability is no number from 0
 * @example
 * const draw = sampler({ temperature: 0.8, topK: 20, seed: 1 });
 * const id = draw(output);
 *
 * @see Fan, Lewis and Dauphin, Hierarchical Neural Story Generation, ACL 2018 (top-k)
 */
export function sampler({ seed = 0, ...options }: SamplerOptions = {}): Sampler {
  checkOptions(options);
  const random = new RandomState(seed);
  return (probabilities) => {
    const distribution = temper(probabilities, options);
    let left = random.uniform();
    let last = 0;
    for (let id = 0; id < distribution.length; id++) {
      if (distribution[id] === 0) continue;
      if (left < distribution[id]) return id;
      left -= distribution[id];
      last = id;
    }
    // The shares' sum may fall short of 1 by rounding.
    return last;
  };
}

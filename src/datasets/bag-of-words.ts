import { InvalidInputError, describe } from "../runtime/errors";
import { RandomState } from "./random-state";

export interface BagOfWordsOptions {
  /** Reviews as word numbers, labels 0 or 1. */
  train: LabelledRows;
  test: LabelledRows;
  /** Size of the vocabulary; word numbers from here on are not counted. */
  numWords: number;
  /** Passes over the training part (default 20). */
  epochs?: number;
  /** Seed of the order of training (default 0). */
  seed?: number;
}

export interface LabelledRows {
  x: ArrayLike<ArrayLike<number>>;
  y: ArrayLike<number>;
}

const LEARNING_RATE = 2;
const L2 = 1e-5;

/** Which words occur, each once, without padding and start mark. */
function wordSets(rows: ArrayLike<ArrayLike<number>>, numWords: number): Uint32Array[] {
  const counted = (id: number) => id > 1 && id < numWords;
  return Array.from(rows, (row) => Uint32Array.from(new Set(Array.from(row).filter(counted))));
}

/** Weights by word, the last one the bias; the value of a word that occurs is 1/√(words of the review). */
function logit(weights: Float64Array, words: Uint32Array): number {
  let sum = 0;
  for (const word of words) sum += weights[word];
  return weights[weights.length - 1] + (words.length > 0 ? sum / Math.sqrt(words.length) : 0);
}

function trainEpoch(
  weights: Float64Array,
  sets: Uint32Array[],
  y: ArrayLike<number>,
  order: Uint32Array,
  rate: number,
) {
  const keep = 1 - rate * L2;
  for (const row of order) {
    const words = sets[row];
    const slope = 1 / (1 + Math.exp(-logit(weights, words))) - y[row];
    const step = (rate * slope) / Math.sqrt(Math.max(1, words.length));
    for (const word of words) weights[word] = weights[word] * keep - step;
    weights[weights.length - 1] -= 0.1 * rate * slope;
  }
}

/** Accuracy, and mean cross-entropy in the form that does not overflow. */
function score(weights: Float64Array, sets: Uint32Array[], y: ArrayLike<number>) {
  let right = 0;
  let loss = 0;
  sets.forEach((words, row) => {
    const z = logit(weights, words);
    if (z > 0 === y[row] > 0.5) right++;
    loss += Math.max(z, 0) - z * y[row] + Math.log1p(Math.exp(-Math.abs(z)));
  });
  return { acc: right / sets.length, loss: loss / sets.length };
}

function check(name: string, { x, y }: LabelledRows): void {
  if (x.length > 0 && x.length === y.length) return;
  const expected = `${name} with at least one row and a label for each`;
  const got = `${x.length} rows, ${y.length} labels`;
  throw new InvalidInputError(
    describe("bagOfWordsBaseline", expected, got, "pass rows and labels of one split"),
  );
}

/**
 * How far one gets without the order of the words: logistic regression on which words occur, with L2, by
 * stochastic gradient descent on the CPU. The same input gives the same figures on every machine.
 *
 * @param options rows and labels to train and to test with, and the size of the vocabulary
 * @returns accuracy and mean cross-entropy on the test part
 * @throws InvalidInputError where a part is empty, or rows and labels differ in number
 *
 * @example
 * const { train, test } = await sampleCorpus.loadData();
 * bagOfWordsBaseline({ train, test, numWords: 10_000 }).acc; // about 0.7
 *
 * @see Wang and Manning, Baselines and Bigrams, ACL 2012
 */
export function bagOfWordsBaseline(options: BagOfWordsOptions): { acc: number; loss: number } {
  const { train, test, numWords, epochs = 20, seed = 0 } = options;
  check("train", train);
  check("test", test);
  if (!Number.isInteger(numWords) || numWords < 1) {
    const expected = "numWords as a whole number of at least 1";
    throw new InvalidInputError(
      describe("bagOfWordsBaseline", expected, String(numWords), "pass such a number"),
    );
  }
  const weights = new Float64Array(numWords + 1);
  const sets = wordSets(train.x, numWords);
  const order = Uint32Array.from(sets, (_, i) => i);
  const random = new RandomState(seed);
  for (let epoch = 0; epoch < epochs; epoch++) {
    random.shuffle(order);
    trainEpoch(weights, sets, train.y, order, LEARNING_RATE / (1 + epoch));
  }
  return score(weights, wordSets(test.x, numWords), test.y);
}

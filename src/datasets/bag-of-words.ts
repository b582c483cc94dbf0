import { invalid } from "../runtime/errors";
import { AveragedEmbeddings } from "./baselines/averaged-embeddings";
import { tfIdf, wordOccurrence } from "./baselines/features";
import { LogisticRegression } from "./baselines/logistic-regression";
import type { LabelledRows, Scores, TextClassifier } from "./baselines/scores";

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

const defaultEpochs = 20;

function checkPart(where: string, name: string, { x, y }: LabelledRows): void {
  if (x.length > 0 && x.length === y.length) return;
  const expected = `${name} with at least one row and a label for each`;
  const got = `${x.length} rows, ${y.length} labels`;
  throw invalid(where, expected, got, "pass rows and labels of one split");
}

function checkWhole(where: string, name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  const expected = `${name} as a whole number of at least 1`;
  throw invalid(where, expected, String(value), "pass such a number");
}

function run(
  where: string,
  { train, test, numWords, epochs = defaultEpochs }: BagOfWordsOptions,
  make: () => TextClassifier,
): Scores {
  checkPart(where, "train", train);
  checkPart(where, "test", test);
  checkWhole(where, "numWords", numWords);
  const classifier = make();
  for (const passes = classifier.train(train, epochs); !passes.next().done;);
  return classifier.score(test);
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
export function bagOfWordsBaseline(options: BagOfWordsOptions): Scores {
  const { numWords, seed = 0 } = options;
  const features = () => wordOccurrence(numWords);
  return run("bagOfWordsBaseline", options, () => new LogisticRegression(features, numWords, seed));
}

/**
 * As {@link bagOfWordsBaseline}, but with words weighed by how often they occur in the review and how rare they are
 * in the training part (TF-IDF, logarithmic counts, rows of length 1).
 *
 * @see Salton and Buckley, Term-weighting approaches in automatic text retrieval, 1988
 */
export function tfIdfBaseline(options: BagOfWordsOptions): Scores {
  const { numWords, seed = 0 } = options;
  const features = (x: LabelledRows["x"]) => tfIdf(x, numWords);
  return run("tfIdfBaseline", options, () => new LogisticRegression(features, numWords, seed));
}

/**
 * fastText's classifier: logistic regression on the mean of the words' vectors, which are trained with it.
 *
 * @param options as of {@link bagOfWordsBaseline}; `width` is the length of a vector (default 32)
 * @see Joulin, Grave, Bojanowski and Mikolov, Bag of Tricks for Efficient Text Classification, EACL 2017
 */
export function averagedEmbeddingsBaseline(options: BagOfWordsOptions & { width?: number }): Scores {
  const where = "averagedEmbeddingsBaseline";
  const { numWords, width = 32, seed = 0 } = options;
  checkWhole(where, "width", width);
  return run(where, options, () => new AveragedEmbeddings({ numWords, width, seed }));
}

import { type ArrangeOptions, type Dataset, type RawSplit, arrange, shuffledOrder } from "../arrange";
import { RandomState } from "../random-state";
import { splitWords } from "../review-text";
import { type SampleReview, generateReviews } from "./generate";

export type { SampleReview };

const TRAIN_REVIEWS = 8_000;
const TEST_REVIEWS = 2_000;

interface Corpus {
  train: SampleReview[];
  test: SampleReview[];
  wordIndex: Map<string, number>;
}

/** Ranks from 1 by frequency, equals by alphabet: the form of Keras's word index. */
function rankWords(reviews: SampleReview[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { text } of reviews) {
    for (const word of splitWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const ranked = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return new Map(ranked.map(([word], i) => [word, i + 1]));
}

let corpus: Corpus | undefined;

function writeCorpus(): Corpus {
  if (!corpus) {
    const train = generateReviews(TRAIN_REVIEWS, "train", 1);
    const test = generateReviews(TEST_REVIEWS, "test", 2);
    corpus = { train, test, wordIndex: rankWords([...train, ...test]) };
  }
  return corpus;
}

function rank(reviews: SampleReview[], ranks: Map<string, number>): RawSplit {
  return {
    x: reviews.map(({ text }) => splitWords(text).map((word) => ranks.get(word))),
    y: reviews.map(({ label }) => label),
  };
}

function loadData(options: ArrangeOptions = {}): Promise<Dataset> {
  return Promise.resolve().then(() => {
    const { train, test, wordIndex } = writeCorpus();
    return arrange(rank(train, wordIndex), rank(test, wordIndex), options, "sampleCorpus.loadData");
  });
}

function texts({ seed = 113 }: Pick<ArrangeOptions, "seed"> = {}): Promise<
  Record<"train" | "test", SampleReview[]>
> {
  return Promise.resolve().then(() => {
    const { train, test } = writeCorpus();
    const random = new RandomState(seed);
    const inOrder = (reviews: SampleReview[]) =>
      Array.from(shuffledOrder(reviews.length, random), (i) => ({ ...reviews[i] }));
    return { train: inOrder(train), test: inOrder(test) };
  });
}

/**
 * Film reviews written by a seeded generator, for machines without network: 8,000 to train on, 2,000 to test
 * with, of 15 to 120 words. The verdict stands near the end, plain, negated, in contrast or ironic; before it come
 * the opinions of others, other films and the plot, whose words of praise and blame point the other way as often
 * as not, so that counting words says little. Some words and sentence patterns occur in the test part only.
 */
export const sampleCorpus = {
  /**
   * The corpus as lists of word numbers, in the form of `imdb.loadData`; the same numbers on every machine.
   *
   * @param options as `imdb.loadData` takes them, without those that say where the file is
   * @throws InvalidInputError for options out of range
   *
   * @example
   * const { train, test } = await sampleCorpus.loadData({ numWords: 10_000 });
   */
  loadData,

  /** The rank of each word by frequency, from 1; a review holds rank + 3. */
  wordIndex: (): Promise<Map<string, number>> =>
    Promise.resolve().then(() => new Map(writeCorpus().wordIndex)),

  /**
   * The reviews as text with their labels, in the order of `loadData` with the same seed (default 113) and no
   * `maxlen`.
   */
  texts,
};

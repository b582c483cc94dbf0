import { expect, test } from "vitest";
import { bagOfWordsBaseline, decodeReview, sampleCorpus } from "../../src/datasets/index";
import { generateReviews } from "../../src/datasets/sample/generate";
import { praise } from "../../src/datasets/sample/grammar";
import { splitWords } from "../../src/datasets/review-text";
import { InvalidInputError } from "../../src/runtime/errors";

const { train, test: held } = await sampleCorpus.loadData();
const wordIndex = await sampleCorpus.wordIndex();
const texts = await sampleCorpus.texts();
const wordsOf = (reviews: { text: string }[]) => new Set(reviews.flatMap(({ text }) => splitWords(text)));

test("holds several thousand reviews of 15 to 120 words, half of them praise", () => {
  expect([train.x.length, held.x.length]).toEqual([8000, 2000]);
  for (const row of [...train.x, ...held.x]) {
    expect(row.length - 1).toBeGreaterThanOrEqual(15);
    expect(row.length - 1).toBeLessThanOrEqual(120);
  }
  const praise = train.y.reduce((sum, label) => sum + label, 0) / train.y.length;
  expect(praise).toBeGreaterThan(0.47);
  expect(praise).toBeLessThan(0.53);
});

test("is the same on every machine, and another for another seed", () => {
  const [first] = generateReviews(1, "train", 1);
  expect(generateReviews(3, "train", 1)[0]).toEqual(first);
  expect(generateReviews(3, "train", 2)[0]).not.toEqual(first);
  expect(first).toMatchInlineSnapshot(`
    {
      "label": 1,
      "text": "The book, they say, is a bore. The mother calls the town a waste. In the story a lifeless taxi driver agrees to hide a suitcase. Nine Bridges, by the same people, was not great. In the end it is charming and moving. It is not bad at all. All in all it is a beautiful film. I adored every minute of it. The credits mention a studio near Rome.",
    }
  `);
});

test("keeps words and patterns for the test part", () => {
  const known = wordsOf(texts.train);
  const fresh = [...wordsOf(texts.test)].filter((word) => !known.has(word));
  expect(fresh).toEqual(expect.arrayContaining(["exquisite", "dismal", "landlady"]));
  expect(texts.test.some(({ text }) => text.includes("For all the talk of"))).toBe(true);
  expect(texts.train.some(({ text }) => text.includes("For all the talk of"))).toBe(false);
});

test("never repeats a review between train and test", () => {
  const seen = new Set(texts.train.map(({ text }) => text));
  expect(texts.test.filter(({ text }) => seen.has(text))).toEqual([]);
});

test("rows, labels and texts stand in the same order", () => {
  for (const i of [0, 1, 1999]) {
    // The last rank of all counts as out of vocabulary, as Keras has it.
    expect(decodeReview(held.x[i], wordIndex).replace(" ?", "")).toBe(
      splitWords(texts.test[i].text).join(" "),
    );
    expect(held.y[i]).toBe(texts.test[i].label);
  }
});

test("takes the options of imdb.loadData", async () => {
  const limited = await sampleCorpus.loadData({ numWords: 50, maxlen: 60, seed: 7 });
  expect(limited.train.x.length).toBeLessThan(8000);
  expect(limited.train.x.every((row) => row.length < 60 && row.every((id) => id < 50))).toBe(true);
  await expect(sampleCorpus.loadData({ numWords: -1 })).rejects.toThrow(InvalidInputError);
});

test("says little to a bag of words, though more than nothing", () => {
  const { acc, loss } = bagOfWordsBaseline({ train, test: held, numWords: 10_000 });
  expect(acc).toBeGreaterThan(0.55);
  expect(acc).toBeLessThan(0.75);
  expect(loss).toBeGreaterThan(0.5);
  expect(loss).toBeLessThan(0.69);
});

/** Of the sentences that match, the part whose word of praise or blame is the label's. */
function agreement(pattern: RegExp): number {
  const words = praise.a.replaceAll("*", "").split("|");
  const sentences = texts.train.flatMap(({ text, label }) => {
    const found = pattern.exec(text);
    return found ? [words.includes(found[1]) === (label === 1)] : [];
  });
  expect(sentences.length).toBeGreaterThan(200);
  return sentences.filter(Boolean).length / sentences.length;
}

test("is decided by plain and negated verdicts, not by what others say", () => {
  expect(agreement(/In the end it is (\w+) and/)).toBe(1);
  expect(agreement(/It is neither (\w+) nor/)).toBe(0);
  expect(agreement(/Everyone told me it was (\w+); it is not/)).toBe(0);
  expect(agreement(/Just (\w+), if you like to watch paint dry/)).toBe(0);
  expect(agreement(/told me that it was (\w+)\./)).toBeLessThan(0.45);
});

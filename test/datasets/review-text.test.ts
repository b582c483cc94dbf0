import { expect, test } from "vitest";
import { decodeReview, encodeReview } from "../../src/datasets/index";
import { splitWords } from "../../src/datasets/review-text";
import { InvalidInputError } from "../../src/runtime/errors";

const wordIndex = new Map([
  ["the", 1],
  ["film", 2],
  ["don't", 5],
  ["great", 50],
  ["br", 7],
]);

test("splits as Keras's tokenizer does", () => {
  expect(splitWords('The "FILM"... well-made!<br /><br />I don\'t\tcare\n')).toEqual([
    "the",
    "film",
    "well",
    "made",
    "br",
    "br",
    "i",
    "don't",
    "care",
  ]);
  expect(splitWords(" \t\n.,!")).toEqual([]);
});

test("encodes a review", () => {
  expect(encodeReview("The GREAT film, unseen.", wordIndex)).toEqual([1, 4, 53, 5, 2]);
  expect(encodeReview("The great film", wordIndex, { numWords: 53 })).toEqual([1, 4, 2, 5]);
  expect(encodeReview("The great film", wordIndex, { maxlen: 2 })).toEqual([53, 5]);
  const options = { startChar: null, oovChar: 9, indexFrom: 0 };
  expect(encodeReview("great unseen", wordIndex, options)).toEqual([50, 9]);
  expect(encodeReview("", wordIndex)).toEqual([1]);
});

test("decodes what it encoded, padded or not", () => {
  expect(decodeReview([0, 0, 1, 4, 53, 5, 2], wordIndex)).toBe("the great film ?");
  expect(decodeReview(Int32Array.of(50, 1), wordIndex, { indexFrom: 0 })).toBe("great the");
});

test("sees words that were added to the index since", () => {
  const growing = new Map([["a", 1]]);
  expect(decodeReview([4, 5], growing)).toBe("a ?");
  growing.set("b", 2);
  expect(decodeReview([4, 5], growing)).toBe("a b");
});

test("refuses what is no text or no index", () => {
  expect(() => encodeReview(5 as unknown as string, wordIndex)).toThrow(InvalidInputError);
  expect(() => encodeReview("a", {} as unknown as Map<string, number>)).toThrow("wordIndex");
  expect(() => decodeReview([1], {} as unknown as Map<string, number>)).toThrow("decodeReview");
  expect(() => encodeReview("a", wordIndex, { maxlen: 0.5 })).toThrow("maxlen");
});

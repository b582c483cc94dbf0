import { expect, test } from "vitest";
import { FormatError } from "../../src/runtime/errors";
import { encodeText, fromMetadata, preprocessingOf, toMetadata } from "../../src/node/preprocessing";

const wordIndex = new Map([
  ["the", 1],
  ["film", 2],
  ["was", 3],
  ["dull", 4],
]);
const preprocessing = preprocessingOf(wordIndex, { dataset: "imdb", numWords: 7, maxlen: 4 });

test("the vocabulary holds the words that the model can tell apart", () => {
  // Rank 4 becomes id 7, the first that counts as unknown.
  expect(preprocessing.vocabulary).toEqual(["the", "film", "was"]);
});

test("a model file's metadata brings it back unchanged", () => {
  expect(fromMetadata(toMetadata(preprocessing))).toEqual(preprocessing);
});

test("a typed review is encoded as the reviews of the data set are, and cut at its front", () => {
  expect(encodeText("The film!", preprocessing)).toEqual({ ids: [1, 4, 5], unknown: [] });
  expect(encodeText("The film was dull, dull.", preprocessing)).toEqual({
    ids: [5, 6, 2, 2],
    unknown: ["dull"],
  });
});

test.each([
  [
    { maxlen: "x" },
    "predict: expected a whole number as maxlen in the model file's metadata, got x; use a file that webgpu-rnn imdb wrote",
  ],
  [
    { vocabulary: "[1]" },
    "expected a list of words as vocabulary in the model file's metadata, got something else",
  ],
  [{ vocabulary: "[" }, "expected a list of words as vocabulary"],
])("metadata with %j is refused", (change, message) => {
  const read = () => fromMetadata({ ...toMetadata(preprocessing), ...change });
  expect(read).toThrow(FormatError);
  expect(read).toThrow(message);
});

test("metadata of another program is refused", () => {
  expect(() => fromMetadata({})).toThrow("got nothing");
});

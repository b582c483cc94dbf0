import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  characterTokenizer,
  textVectorization,
  textVectorizationFromJSON,
} from "../../../src/datasets/index";
import { FormatError, InvalidInputError, StateError } from "../../../src/runtime/errors";

describe("textVectorization", () => {
  test("gives the arrays of Keras's documentation", () => {
    const words = textVectorization({ maxTokens: 5000, outputSequenceLength: 4 });
    words.adapt(["foo bar", "bar baz", "baz bada boom"]);
    const { data, shape } = words.vectorize(["foo qux bar", "qux baz"]);
    expect([...data]).toEqual([4, 1, 3, 0, 1, 2, 0, 0]);
    expect(shape).toEqual([2, 4]);
  });

  test("takes a vocabulary as Keras's documentation shows it", () => {
    const given = ["earth", "wind", "and", "fire"];
    const words = textVectorization({ vocabulary: given });
    expect(words.vocabulary).toEqual(["", "[UNK]", ...given]);
    expect(words.vocabularySize).toBe(6);
    expect(textVectorization({ vocabulary: words.vocabulary }).vocabulary).toEqual(words.vocabulary);
  });

  test("ranks by frequency, and of equals the last in order first", () => {
    // By hand: d twice; of a, b, c, z each once, z comes first.
    expect(textVectorization().adapt(["a c d", "d z b"]).vocabulary.slice(2)).toEqual([..."dzcba"]);
    // In UTF-8 the emoji is greater than the ligature, in UTF-16 smaller.
    expect(textVectorization().adapt(["\ufb01 😀"]).vocabulary.slice(2)).toEqual(["😀", "\ufb01"]);
  });

  test("a longer token comes before its own beginning", () => {
    expect(textVectorization().adapt(["ab a"]).vocabulary.slice(2)).toEqual(["ab", "a"]);
  });

  test("maxTokens counts padding and unknown", () => {
    const words = textVectorization({ maxTokens: 4 }).adapt(["x x x y y z"]);
    expect(words.vocabulary).toEqual(["", "[UNK]", "x", "y"]);
    expect([...words.encode("z y x w")]).toEqual([1, 3, 2, 1]);
  });

  test.each([
    [undefined, "Don't PANIC, (yet)!\tÄ-Ö", ["dont", "panic", "yet", "ÄÖ"]],
    ["lower", "Don't  PANIC!", ["don't", "panic!"]],
    ["strip_punctuation", "Don't PANIC!", ["Dont", "PANIC"]],
    ["stripPunctuation", "a_b [c] d\\e ~f`", ["ab", "c", "de", "f"]],
    [null, " A\u00a0b \n c", ["A\u00a0b", "c"]],
  ])("standardize %j: %j", (standardize, text, tokens) => {
    expect(textVectorization({ standardize }).tokenize(text)).toEqual(tokens);
  });

  test("functions take the place of both steps", () => {
    const words = textVectorization({
      standardize: (text) => text.replaceAll("-", " "),
      split: (text) => text.split(";"),
    });
    expect(words.tokenize("a-b;c")).toEqual(["a b", "c"]);
    expect(textVectorization({ split: null }).tokenize("One Text.")).toEqual(["one text"]);
    expect(() => words.adapt(["x"]).toJSON()).toThrow(
      new InvalidInputError(
        "textVectorization: expected standardize and split by name, to be written as JSON, got a function; keep the vocabulary alone",
      ),
    );
  });

  test("vectorize fills up and cuts at the end; without a length, to the longest", () => {
    const words = textVectorization({ vocabulary: ["a", "b", "c"] });
    expect([...words.vectorize(["a", "b c a"]).data]).toEqual([2, 0, 0, 3, 4, 2]);
    const short = textVectorization({ vocabulary: ["a", "b", "c"], outputSequenceLength: 2 });
    expect([...short.vectorize(["c b a", ""]).data]).toEqual([4, 3, 0, 0]);
  });

  test("adapt forgets what was known, and takes a text alone as one text", () => {
    const words = textVectorization().adapt(["old"]).adapt(["new"]);
    expect(words.vocabulary.slice(2)).toEqual(["new"]);
    expect(textVectorization().adapt("one text").vocabulary.slice(2)).toEqual(["text", "one"]);
  });

  test("decode leaves padding out and marks the unknown", () => {
    const words = textVectorization({ vocabulary: ["a", "b"] });
    expect(words.decode([3, 1, 2, 0, 99])).toBe("b [UNK] a [UNK]");
  });

  test("special tokens in a text do not take their ids", () => {
    const words = textVectorization({ standardize: null }).adapt(["[UNK] a"]);
    expect(words.vocabulary).toEqual(["", "[UNK]", "a"]);
  });

  test("JSON brings all of it back", () => {
    const words = textVectorization({ maxTokens: 9, standardize: "lower", outputSequenceLength: 3 });
    words.adapt(["A a b! 😀"]);
    const copy = textVectorizationFromJSON(JSON.stringify(words));
    expect(copy.toJSON()).toEqual(words.toJSON());
    expect([...copy.vectorize(["b! A c 😀"]).data]).toEqual([...words.vectorize(["b! A c 😀"]).data]);
    expect(copy.vocabulary).toEqual(words.vocabulary);
  });

  test.each(['{"vocabulary": 3}', "[]", "nonsense", "null"])("%s is no vectorization", (json) => {
    expect(() => textVectorizationFromJSON(json)).toThrow(
      new FormatError(
        "textVectorizationFromJSON: expected what a vectorization's toJSON gave, got something else; save it again",
      ),
    );
  });

  test("a damaged vocabulary is the file's fault", () => {
    const json = JSON.stringify(textVectorization({ vocabulary: ["a", "b"] })).replace('"b"', '"a"');
    expect(() => textVectorizationFromJSON(json)).toThrow(FormatError);
  });

  test.each([
    [{ maxTokens: 2 }, "maxTokens as a whole number of at least 3, got 2"],
    [{ outputSequenceLength: 0 }, "outputSequenceLength as a whole number of at least 1, got 0"],
    [
      { standardize: "upper" },
      'standardize as one of lowerAndStripPunctuation, lower, stripPunctuation, a function or null, got "upper"',
    ],
    [{ split: "toString" }, 'split as one of whitespace, character, a function or null, got "toString"'],
    [{ vocabulary: ["a", "a"] }, 'a vocabulary of different texts, got "a" at 1'],
    [{ vocabulary: ["a", "b"], maxTokens: 3 }, "a vocabulary of at most maxTokens - 2 = 1 tokens, got 2"],
  ])("%j is refused", (options, message) => {
    expect(() => textVectorization(options)).toThrow(InvalidInputError);
    expect(() => textVectorization(options)).toThrow(`textVectorization: expected ${message};`);
  });

  test("without a vocabulary nothing is encoded", () => {
    expect(() => textVectorization().encode("a")).toThrow(StateError);
    expect(() => textVectorization().vocabularySize).toThrow("call adapt(texts) or pass vocabulary");
  });
});

describe("characterTokenizer", () => {
  test("takes code points as they are", () => {
    const characters = characterTokenizer().adapt(["Ab a😀\n", "a"]);
    expect(characters.vocabulary).toEqual(["", "[UNK]", "a", "😀", "b", "A", " ", "\n"]);
    expect([...characters.encode("a😀?")]).toEqual([2, 3, 1]);
    expect(characters.decode([5, 4, 0, 7, 3, 1])).toBe("Ab\n😀\ufffd");
  });

  test("a text comes back from its ids", () => {
    const text = "Call me Ishmael. Some years ago—never mind how long precisely—";
    const characters = characterTokenizer().adapt([text]);
    expect(characters.decode(characters.encode(text))).toBe(text);
  });

  test("so does any text of Unicode, also by way of JSON", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
        const characters = characterTokenizer().adapt([text]);
        const copy = textVectorizationFromJSON(JSON.stringify(characters));
        expect(copy.decode(characters.encode(text))).toBe(text);
      }),
    );
  });
});

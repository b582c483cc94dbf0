import { expect, test } from "vitest";
import {
  characterTokenizer,
  generateText,
  generateTokens,
  textVectorization,
} from "../../../src/datasets/index";
import { InvalidInputError } from "../../../src/runtime/errors";

/** A model that has learnt to count: after token n comes n + 1, of `size` tokens. */
function counting(size: number) {
  const read: number[] = [];
  const next = (token: number) => {
    read.push(token);
    const probabilities = new Float32Array(size);
    probabilities[(token + 1) % size] = 1;
    return Promise.resolve(probabilities);
  };
  return { next, read };
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

test("the model reads the prompt, then what it wrote itself", async () => {
  const { next, read } = counting(10);
  expect(await all(generateTokens(next, { prompt: [2, 3], count: 4 }))).toEqual([4, 5, 6, 7]);
  expect(read).toEqual([2, 3, 4, 5, 6]);
});

test("a token is given out before the next is asked for", async () => {
  const { next, read } = counting(10);
  const tokens = generateTokens(next, { prompt: [2] });
  expect((await tokens.next()).value).toBe(3);
  expect(read).toEqual([2]);
  expect((await tokens.next()).value).toBe(4);
  expect(read).toEqual([2, 3]);
  await tokens.return();
});

test("characters come one by one, and neither padding nor unknown", async () => {
  const characters = characterTokenizer({ vocabulary: ["a", "b", "c"] });
  const even = () => Promise.resolve([0.2, 0.2, 0.2, 0.2, 0.2]);
  const written = await all(generateText(even, characters, { prompt: "ab", count: 200, seed: 1 }));
  expect(new Set(written)).toEqual(new Set(["a", "b", "c"]));
  const again = await all(generateText(even, characters, { prompt: "ab", count: 200, seed: 1 }));
  expect(again).toEqual(written);
});

test("a word model writes words", async () => {
  const words = textVectorization({ vocabulary: ["one", "two", "three"] });
  const { next } = counting(5);
  const written = await all(generateText(next, words, { prompt: "One", count: 2, temperature: 0 }));
  expect(written).toEqual(["two", "three"]);
});

test("an empty prompt is refused", async () => {
  const { next } = counting(5);
  await expect(all(generateTokens(next, { prompt: [] }))).rejects.toThrow(InvalidInputError);
  const characters = characterTokenizer({ vocabulary: ["a"] });
  await expect(all(generateText(next, characters, { prompt: "" }))).rejects.toThrow(
    "generateTokens: expected a prompt of at least one token, got none; pass a text to go on from",
  );
});

test("a signal stops it between two tokens", async () => {
  const stop = new AbortController();
  const { next } = counting(10);
  const written: number[] = [];
  const run = async () => {
    for await (const token of generateTokens(next, { prompt: [1], signal: stop.signal })) {
      written.push(token);
      if (written.length === 3) stop.abort();
    }
  };
  await expect(run()).rejects.toMatchObject({ name: "AbortError" });
  expect(written).toEqual([2, 3, 4]);
});

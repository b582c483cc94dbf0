import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/runtime/errors";
import { shuffledOrder } from "../../src/datasets/arrange";
import { RandomState } from "../../src/datasets/random-state";

test.each([
  [0, [2357136044, 2546248239, 3071714933, 3626093760, 2588848963]],
  [113, [3659249829, 529109724, 317413538, 548173386, 3843702636]],
  [4294967295, [419326371, 479346978, 3918654476, 2416749639, 3388880820]],
])("seed %i gives NumPy's first bits", (seed, expected) => {
  const random = new RandomState(seed);
  expect(expected.map(() => random.nextUint32())).toEqual(expected);
});

test("the ten thousandth draw of seed 5489 is the one of the C++ standard", () => {
  const random = new RandomState(5489);
  for (let i = 1; i < 10_000; i++) random.nextUint32();
  expect(random.nextUint32()).toBe(4123659995);
});

test("shuffles as NumPy does", () => {
  expect([...shuffledOrder(10, new RandomState(113))]).toEqual([9, 3, 6, 1, 0, 7, 4, 8, 2, 5]);
  expect([...shuffledOrder(10, new RandomState(0))]).toEqual([2, 8, 4, 9, 1, 6, 7, 3, 0, 5]);
});

test("one stream orders train, then test, as in Keras's imdb", () => {
  const random = new RandomState(113);
  const first = (length: number) => [...shuffledOrder(length, random).subarray(0, 8)];
  expect(first(25_000)).toEqual([7798, 13226, 18078, 793, 17499, 23003, 574, 19638]);
  expect(first(25_000)).toEqual([22748, 4083, 8015, 13688, 5310, 4466, 736, 22654]);
});

test.each([-1, 0.5, 2 ** 32, NaN])("refuses the seed %d", (seed) => {
  expect(() => new RandomState(seed)).toThrow(InvalidInputError);
});

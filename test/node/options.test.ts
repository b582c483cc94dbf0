import { expect, test } from "vitest";
import { imdbFlags, jobConfig } from "../../src/node/imdb-flags";
import { UsageError, parseFlags } from "../../src/node/options";

const parse = (...args: string[]) => parseFlags(args, imdbFlags);

test("all flags of the contract are read", () => {
  const values = parse(
    ..."--data d --sample --epochs 2 --batch-size=64 --num-words 500 --maxlen 20 --embedding 8 --units 4".split(
      " ",
    ),
    ..."--validation-split 0.1 --learning-rate 1e-2 --train-limit 10 --test-limit 5 --seed 7".split(" "),
    ..."--adapter list --out o.safetensors --report r.json --quiet".split(" "),
  );
  expect(values).toMatchObject({
    data: "d",
    adapter: "list",
    out: "o.safetensors",
    report: "r.json",
    quiet: true,
  });
  expect(jobConfig(values, true)).toEqual({
    sample: true,
    epochs: 2,
    batchSize: 64,
    numWords: 500,
    maxlen: 20,
    embedding: 8,
    units: 4,
    validationSplit: 0.1,
    learningRate: 0.01,
    trainLimit: 10,
    testLimit: 5,
    seed: 7,
  });
});

test("without flags the job is that of the Keras script", () => {
  expect(jobConfig(parse(), false)).toEqual({
    sample: false,
    epochs: 10,
    batchSize: 128,
    numWords: 10_000,
    maxlen: 500,
    embedding: 32,
    units: 32,
    validationSplit: 0.2,
    learningRate: 0.001,
    seed: 0,
    trainLimit: undefined,
    testLimit: undefined,
  });
});

test("the sample corpus has short reviews, unless told otherwise", () => {
  expect(jobConfig(parse(), true).maxlen).toBe(120);
  expect(jobConfig(parse("--maxlen", "300"), true).maxlen).toBe(300);
});

test("the last of two equal flags counts", () => {
  expect(parse("--seed", "1", "--seed", "2").seed).toBe(2);
});

test.each([
  [["--epoch", "3"], 'expected a known flag, got "--epoch"; did you mean --epochs?'],
  [["--zebra"], 'expected a known flag, got "--zebra"; --help lists them'],
  [["-q"], 'expected a known flag, got "-q"; --help lists them'],
  [
    ["--epochs", "ten"],
    '--epochs: expected a whole number from 1 to 100,000, got "ten"; for example --epochs 10',
  ],
  [
    ["--epochs", "2.5"],
    '--epochs: expected a whole number from 1 to 100,000, got "2.5"; for example --epochs 10',
  ],
  [["--epochs=-1"], '--epochs: expected a whole number from 1 to 100,000, got "-1"; for example --epochs 10'],
  [["--epochs"], "--epochs: expected N behind it, got nothing; write --epochs N"],
  [["--epochs", ""], '--epochs: expected a whole number from 1 to 100,000, got ""; for example --epochs 10'],
  [
    ["--units", "1025"],
    '--units: expected a whole number from 1 to 1,024, got "1025"; for example --units 10',
  ],
  [
    ["--validation-split", "1"],
    '--validation-split: expected a number from 0 to below 1, got "1"; for example --validation-split 0.2',
  ],
  [
    ["--learning-rate", "Infinity"],
    '--learning-rate: expected a number above 0, got "Infinity"; for example --learning-rate 0.001',
  ],
  [["--out="], "--out: expected FILE, got nothing; write it behind the flag"],
  [["--quiet=yes"], '--quiet: expected no value, got "yes"; write --quiet alone'],
  [["word"], 'expected only flags, got "word"; quote a text of several words'],
  [["--constructor"], 'expected a known flag, got "--constructor"; --help lists them'],
])("%j is refused in one line", (args, message) => {
  expect(() => parse(...args)).toThrow(new UsageError(message));
});

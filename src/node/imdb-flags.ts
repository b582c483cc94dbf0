import type { JobConfig } from "../job/types";
import { choices } from "./choices";
import { modelNames } from "./comparison";
import { number, text, toggle, whole, type Values } from "./options";

/** The flags of `webgpu-rnn imdb`, in the order of the help text. */
export const imdbFlags = {
  data: text(
    "DIR",
    "folder with imdb.npz and imdb_word_index.json (default: $WEBGPU_RNN_DATA, else the cache)",
  ),
  sample: toggle("use the built-in sample corpus instead of IMDB"),
  model: choices(
    "NAME,…",
    `train these models, one after the other, and compare them: ${modelNames.join(", ")}`,
    modelNames,
  ),
  epochs: whole("passes over the training reviews (10)", 1, 100_000),
  "batch-size": whole("reviews in a training step (128)", 1, 2 ** 24),
  "num-words": whole("size of the vocabulary (10000)", 4, 10_000_000),
  maxlen: whole("words of a review that are read, from its end (500; sample corpus: 120)", 1, 100_000),
  embedding: whole("width of the word embedding (32)", 1, 65_536),
  units: whole("units of the recurrent layer (32)", 1, 1024),
  "validation-split": number("part of the training reviews held out for validation (0.2)", "X", {
    range: "a number from 0 to below 1",
    example: 0.2,
    fits: (x) => x >= 0 && x < 1,
  }),
  "learning-rate": number("step of the optimizer (0.001)", "X", {
    range: "a number above 0",
    example: 0.001,
    fits: (x) => x > 0,
  }),
  "train-limit": whole("use only the first N training reviews", 2, 1e9),
  "test-limit": whole("use only the first N test reviews", 1, 1e9),
  seed: whole("initial weights and order of the batches (0)", 0, 2 ** 32 - 1),
  adapter: text("TEXT", "an adapter whose description contains TEXT; list: lists them"),
  out: text("FILE", "where the trained weights go (artifacts/imdb.safetensors)"),
  report: text("FILE", "write the run to FILE as one JSON object"),
  resume: toggle("go on from the checkpoint that an unfinished run has left beside --out"),
  quiet: toggle("no progress bars"),
  browser: toggle("run in a headless browser, as is done where Node finds no adapter"),
  help: toggle("print this"),
};

export type ImdbValues = Values<typeof imdbFlags>;

/** Reviews of the sample corpus are at most this long. */
const sampleMaxlen = 120;

/** The job's settings: what was given, and Keras's script for the rest. */
export function jobConfig(values: ImdbValues, sample: boolean): JobConfig {
  return {
    epochs: values.epochs ?? 10,
    batchSize: values["batch-size"] ?? 128,
    numWords: values["num-words"] ?? 10_000,
    maxlen: values.maxlen ?? (sample ? sampleMaxlen : 500),
    embedding: values.embedding ?? 32,
    units: values.units ?? 32,
    validationSplit: values["validation-split"] ?? 0.2,
    learningRate: values["learning-rate"] ?? 0.001,
    seed: values.seed ?? 0,
    sample,
    trainLimit: values["train-limit"],
    testLimit: values["test-limit"],
  };
}

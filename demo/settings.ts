import { choice, fraction, fromAddress, toAddress, whole, type Knob } from "./knob";

/** What the knobs say. */
export interface Settings {
  data: "sample" | "imdb";
  units: number;
  embedding: number;
  maxlen: number;
  numWords: number;
  batchSize: number;
  learningRate: number;
  optimizer: "rmsprop" | "adam" | "sgd";
  activation: "tanh" | "relu" | "sigmoid" | "linear";
  epochs: number;
  seed: number;
}

const same = (...names: string[]): [string, string][] => names.map((name) => [name, name]);

/** The knobs, in the order of the page. */
export const knobs: readonly Knob<keyof Settings>[] = [
  choice("data", "Data", "What the net reads", [
    ["sample", "Sample reviews"],
    ["imdb", "IMDB reviews"],
  ]),
  whole("units", "Units", "Size of the state", 1, 256),
  whole("embedding", "Embedding", "Numbers for each word", 1, 128),
  whole("maxlen", "Words read", "Longer reviews lose their beginning", 1, 1000),
  whole("numWords", "Vocabulary", "Rarer words count as unknown", 10, 90_000),
  choice(
    "activation",
    "Activation",
    "What the units do with their sum",
    same("tanh", "relu", "sigmoid", "linear"),
  ),
  choice("optimizer", "Optimizer", "How gradients become steps", same("rmsprop", "adam", "sgd")),
  fraction("learningRate", "Learning rate", "Size of a step", 0.000001, 10),
  whole("batchSize", "Batch", "Reviews for each step", 1, 1024),
  whole("epochs", "Epochs", "Times through the data", 1, 100),
  whole("seed", "Seed", "Decides the first weights and the order", 0, 2 ** 31),
];

/** Where a data set's training starts from: small for the sample, Keras's own script for IMDB. */
export const presets: Readonly<Record<Settings["data"], Settings>> = {
  sample: {
    data: "sample",
    units: 16,
    embedding: 16,
    maxlen: 120,
    numWords: 10_000,
    batchSize: 32,
    learningRate: 0.002,
    optimizer: "rmsprop",
    activation: "tanh",
    epochs: 4,
    seed: 0,
  },
  imdb: {
    data: "imdb",
    units: 32,
    embedding: 32,
    maxlen: 500,
    numWords: 10_000,
    batchSize: 128,
    learningRate: 0.001,
    optimizer: "rmsprop",
    activation: "tanh",
    epochs: 10,
    seed: 0,
  },
};

/** The settings that an address holds; what it does not say, or says wrongly, is the data set's preset. */
export function settingsFromHash(hash: string): Settings {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  return fromAddress(asked, knobs, presets[asked.get("data") === "imdb" ? "imdb" : "sample"]);
}

/** The address that holds every setting. */
export function hashOf(settings: Settings): string {
  return `#${toAddress(settings, knobs)}`;
}

/** What differs between two settings, in words. */
export function differences(settings: Settings, from: Settings): string {
  const different = knobs.filter(({ key }) => settings[key] !== from[key]);
  return different.map(({ key, label }) => `${label.toLowerCase()} ${settings[key]}`).join(", ");
}

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

/** A knob: a choice among names, or a number within bounds. */
export type Knob = {
  key: keyof Settings;
  label: string;
  hint: string;
} & (
  | { kind: "choice"; choices: readonly [value: string, label: string][] }
  | { kind: "number"; min: number; max: number; step: number | "any"; whole: boolean }
);

const choice = (key: keyof Settings, label: string, hint: string, choices: [string, string][]): Knob => ({
  key,
  label,
  hint,
  kind: "choice",
  choices,
});

const whole = (key: keyof Settings, label: string, hint: string, min: number, max: number): Knob => ({
  key,
  label,
  hint,
  kind: "number",
  min,
  max,
  step: 1,
  whole: true,
});

const same = (...names: string[]): [string, string][] => names.map((name) => [name, name]);

/** The knobs, in the order of the page. */
export const knobs: readonly Knob[] = [
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
  {
    key: "learningRate",
    label: "Learning rate",
    hint: "Size of a step",
    kind: "number",
    min: 0.000001,
    max: 10,
    step: "any",
    whole: false,
  },
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

/** Whether `value` is one that the knob can take. */
export function accepts(knob: Knob, value: string): boolean {
  if (knob.kind === "choice") return knob.choices.some(([name]) => name === value);
  const number = Number(value);
  const inside = value.trim() !== "" && number >= knob.min && number <= knob.max;
  return inside && (!knob.whole || Number.isInteger(number));
}

/** The settings that an address holds; what it does not say, or says wrongly, is the data set's preset. */
export function settingsFromHash(hash: string): Settings {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const settings: Settings = { ...presets[asked.get("data") === "imdb" ? "imdb" : "sample"] };
  for (const knob of knobs) {
    const value = asked.get(knob.key);
    if (value !== null && accepts(knob, value)) assign(settings, knob, value);
  }
  return settings;
}

/** The address that holds every setting. */
export function hashOf(settings: Settings): string {
  const pairs = knobs.map(({ key }) => [key, String(settings[key])]);
  return `#${new URLSearchParams(pairs).toString()}`;
}

/** Sets one knob. */
export function assign(settings: Settings, knob: Knob, value: string): void {
  Object.assign(settings, { [knob.key]: knob.kind === "choice" ? value : Number(value) });
}

/** What differs between two settings, in words. */
export function differences(settings: Settings, from: Settings): string {
  const different = knobs.filter(({ key }) => settings[key] !== from[key]);
  return different.map(({ key, label }) => `${label.toLowerCase()} ${settings[key]}`).join(", ");
}

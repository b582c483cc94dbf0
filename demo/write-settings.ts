import { choice, fraction, fromAddress, toAddress, whole, type Knob } from "./knob";

/** What the knobs of "Write" say. */
export interface WriteSettings {
  cell: "gru" | "lstm" | "simpleRNN";
  units: number;
  embedding: number;
  /** T: the characters of a training row. */
  length: number;
  batchSize: number;
  learningRate: number;
  /** How much of the text is learnt. */
  characters: number;
  epochs: number;
  seed: number;
  temperature: number;
  /** 0: all characters may be drawn. */
  topK: number;
  /** Empty: the text's own beginning. */
  prompt: string;
}

export const writePreset: WriteSettings = {
  cell: "gru",
  units: 64,
  embedding: 16,
  length: 50,
  batchSize: 32,
  learningRate: 0.005,
  characters: 100_000,
  epochs: 10,
  seed: 0,
  temperature: 0.7,
  topK: 0,
  prompt: "",
};

/** How a text is written; takes effect while the net writes. */
export const manner: readonly (keyof WriteSettings)[] = ["prompt", "temperature", "topK"];

/** The knobs, in the order of the page. */
export const writeKnobs: readonly Knob<keyof WriteSettings>[] = [
  choice("cell", "Cell", "What a unit is made of", [
    ["gru", "GRU"],
    ["lstm", "LSTM"],
    ["simpleRNN", "SimpleRNN"],
  ]),
  whole("units", "Units", "Size of the state", 1, 512),
  whole("embedding", "Embedding", "Numbers for each character", 1, 128),
  whole("length", "Sequence", "Characters read in a row", 2, 500),
  whole("batchSize", "Batch", "Rows for each step", 1, 1024),
  fraction("learningRate", "Learning rate", "Size of a step (Adam)", 0.000001, 10),
  whole("characters", "Characters", "How much of the text is learnt", 100, 2_000_000),
  whole("epochs", "Epochs", "Times through the text", 1, 1000),
  whole("seed", "Seed", "Decides the first weights, the order and the draws", 0, 2 ** 31),
  {
    key: "prompt",
    label: "Begins with",
    hint: "What the net goes on from",
    kind: "text",
    placeholder: "the text's own beginning",
    most: 200,
  },
  fraction(
    "temperature",
    "Temperature",
    "Below 1 what is likely, above 1 what is rare; 0: the likeliest",
    0,
    5,
  ),
  whole("topK", "Top k (0: all)", "Draw from the k likeliest characters only; 0: from all", 0, 1000),
];

/** Whether an address is one of the tab "Write". */
export const isWriteHash = (hash: string): boolean =>
  new URLSearchParams(hash.replace(/^#/, "")).get("tab") === "write";

/** The settings that an address of the tab holds; any other address gives the preset. */
export function writeSettingsFromHash(hash: string): WriteSettings {
  if (!isWriteHash(hash)) return { ...writePreset };
  return fromAddress(new URLSearchParams(hash.slice(1)), writeKnobs, writePreset);
}

/** The address that holds every setting of the tab. */
export function writeHashOf(settings: WriteSettings): string {
  return `#tab=write&${toAddress(settings, writeKnobs)}`;
}

import { choice } from "./choices";
import { number, text, toggle, UsageError, whole, type Values } from "./options";

/** The cells that a character model can be made of. */
export const cells = ["gru", "lstm", "simple-rnn"] as const;
export type Cell = (typeof cells)[number];

const positive = { range: "a number above 0", fits: (x: number) => x > 0 };

/** The flags of `webgpu-rnn text`, in the order of the help text. */
export const textFlags = {
  file: text("FILE", "the text to learn from, UTF-8, plain or .gz (the first 41 chapters of Moby-Dick)"),
  cell: choice("NAME", `the recurrent layer: ${cells.join(", ")} (gru)`, cells),
  units: whole("units of the recurrent layer (128)", 1, 1024),
  embedding: whole("width of the characters' embedding (32)", 1, 65_536),
  "seq-length": whole("characters that a training row reads (100)", 1, 100_000),
  "batch-size": whole("rows in a training step (32)", 1, 2 ** 24),
  epochs: whole("passes over the text (10)", 1, 100_000),
  "learning-rate": number("step of the optimizer, Adam (0.003)", "X", { ...positive, example: 0.003 }),
  "train-limit": whole("use only the first N characters", 2, 1e9),
  temperature: number("below 1 it writes what is likely, above 1 what is rare; 0: the likeliest (0.7)", "X", {
    range: "a number from 0",
    example: 0.7,
    fits: (x) => x >= 0,
  }),
  "top-k": whole("draw from the N likeliest characters only (all)", 1, 1e9),
  "sample-length": whole("characters of a sample (300)", 1, 1e9),
  prompt: text("TEXT", "what it goes on from (the beginning of the text)"),
  generate: text("MODEL", "do not train: write from a model that was saved"),
  seed: whole("initial weights, order of the rows, draws (0)", 0, 2 ** 32 - 1),
  adapter: text("TEXT", "an adapter whose description contains TEXT; list: lists them"),
  out: text("FILE", "where the trained model goes (artifacts/text.safetensors)"),
  quiet: toggle("no progress bars"),
  help: toggle("print this"),
};

export type TextValues = Values<typeof textFlags>;

const whileWriting = ["generate", "prompt", "temperature", "top-k", "sample-length", "seed", "adapter"];

/**
 * @throws {UsageError} `--generate` stands beside a flag of the training, which would have no effect.
 */
export function checkTogether(values: TextValues): void {
  if (values.generate === undefined) return;
  const other = Object.keys(values).find((name) => !whileWriting.includes(name));
  if (other === undefined) return;
  const [, ...beside] = whileWriting.map((name) => `--${name}`);
  throw new UsageError(
    `--generate: expected only ${beside.join(", ")} beside it, got --${other}; leave it out`,
  );
}

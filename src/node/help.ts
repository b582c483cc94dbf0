import type { Flags } from "./options";

const top = `webgpu-rnn: train and run recurrent nets on the GPU

  webgpu-rnn imdb [FLAGS]                        train and evaluate the IMDB sentiment net
  webgpu-rnn text [FLAGS]                        train a character model on a text, and let it write
  webgpu-rnn predict --model FILE --text "…"     the probability that a review is positive
  webgpu-rnn info FILE                           what a model file holds
  webgpu-rnn convert IN OUT                      a model file as another: .keras, .h5, .json (TF.js), .onnx, …
  webgpu-rnn --version | --help`;

/** The help text of the program: its commands, and the flags of each. */
export function helpText(commands: Record<string, Flags>): string {
  const parts = Object.entries(commands).map(([name, flags]) => commandHelp(name, flags));
  return [top, ...parts].join("\n\n");
}

/** The help text of one command. */
export function commandHelp(name: string, flags: Flags): string {
  const left = Object.entries(flags).map(([flag, { value }]) => `--${flag}${value ? ` ${value}` : ""}`);
  const width = Math.max(...left.map((part) => part.length));
  const rows = Object.values(flags).map(({ meaning }, i) => `  ${(left[i] ?? "").padEnd(width)}  ${meaning}`);
  return [`Flags of ${name}:`, ...rows].join("\n");
}

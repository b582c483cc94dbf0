import { padSequences } from "../datasets/index";
import { inspectModel, loadModel } from "../io/index";
import type { Output } from "./terminal";
import { requestNodeDevice } from "./device";
import { readFile } from "./files";
import { text, toggle, UsageError, type Values } from "./options";
import { encodeText, fromMetadata } from "./preprocessing";

export const predictFlags = {
  model: text("FILE", "weights that webgpu-rnn imdb saved"),
  text: text("TEXT", "the review"),
  adapter: text("TEXT", "an adapter whose description contains TEXT"),
  help: toggle("print this"),
};

/**
 * `webgpu-rnn predict`: the probability that a review is positive, alone on stdout; what there is to say
 * about it on stderr.
 */
export async function predictCommand(
  values: Values<typeof predictFlags>,
  { stdout, stderr }: { stdout: Output; stderr: Output },
): Promise<void> {
  const { model: file, text: review } = values;
  if (file === undefined)
    throw new UsageError("expected --model FILE, got nothing; name weights that imdb saved");
  if (review === undefined)
    throw new UsageError('expected --text "…", got nothing; write the review behind it');

  const bytes = await readFile(file);
  const preprocessing = fromMetadata((await inspectModel(bytes)).metadata);
  const { ids, unknown } = encodeText(review, preprocessing);
  const model = await loadModel(bytes);
  const device = await requestNodeDevice({ adapter: values.adapter });
  try {
    await model.compile({ loss: "binaryCrossentropy", device });
    const { data } = await model.predict(padSequences([ids], { maxlen: preprocessing.maxlen }));
    const probability = data[0] ?? NaN;
    stdout.write(`${probability.toFixed(4)}\n`);
    stderr.write(`${probability > 0.5 ? "positive" : "negative"}${unknownWords(unknown)}\n`);
  } finally {
    model.dispose();
    device.destroy();
  }
}

function unknownWords(words: readonly string[]): string {
  return words.length === 0 ? "" : `; words the model does not know: ${words.join(", ")}`;
}

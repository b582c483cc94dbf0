import {
  characterTokenizer,
  textWindows,
  type GenerateTextOptions,
  type TextWindows,
} from "../datasets/index";
import { adam, type Callback, type Sequential } from "../index";
import { saveModel } from "../io/index";
import { withSpares } from "../job/spare-devices";
import { requestNodeDevice } from "./device";
import { checkWritable, readFile, writeFileAtomic } from "./files";
import { listAdapters } from "./imdb-command";
import { finishedLine, runningLine } from "./progress";
import { StoppedError } from "./stopped";
import type { Output, Terminal } from "./terminal";
import { checkTogether, type TextValues } from "./text-flags";
import { characterModel, loadTextModel, toTextMetadata, writing, type TextMetadata } from "./text-model";
import { readText } from "./text-source";

export interface TextWorld {
  stdout: Output;
  stderr: Output;
  terminal: Terminal;
  /** Ctrl-C. */
  signal: AbortSignal;
}

const loss = "sparseCategoricalCrossentropy";

/** `webgpu-rnn text`: train a character model and let it write, or only write from one that was saved. */
export async function textCommand(values: TextValues, world: TextWorld): Promise<void> {
  checkTogether(values);
  if (values.adapter === "list") return listAdapters(world.terminal);
  return values.generate === undefined ? train(values, world) : write(values.generate, values, world);
}

async function train(values: TextValues, { terminal, signal }: TextWorld): Promise<void> {
  const out = values.out ?? "artifacts/text.safetensors";
  await checkWritable(out);
  const text = limited(await readText(values.file), values["train-limit"]);
  const tokenizer = characterTokenizer().adapt([text]);
  const seqLength = values["seq-length"] ?? 100;
  const rows = textWindows(tokenizer.encode(text), { length: seqLength });
  const metadata = { tokenizer, prompt: values.prompt ?? beginning(text) };

  const another = () => requestNodeDevice({ adapter: values.adapter });
  const device = await another();
  const model = characterModel({
    vocabulary: tokenizer.vocabularySize,
    cell: values.cell ?? "gru",
    embedding: values.embedding ?? 32,
    units: values.units ?? 128,
  }).build([null, seqLength]);
  try {
    const optimizer = adam({ learningRate: values["learning-rate"] ?? 0.003 });
    const devices = withSpares(device, another);
    await model.compile({ optimizer, loss, metrics: ["acc"], device: devices, seed: values.seed ?? 0 });
    const summary = model.summary({ print: () => undefined }).trimEnd();
    terminal.line(`Adapter: ${device.description}\n\n${summary}\n`);
    terminal.line(extent(text, tokenizer.vocabularySize - 2, rows));
    const save = async () => {
      const saved = await saveModel(model, "safetensors", { metadata: toTextMetadata(metadata) });
      await writeFileAtomic(out, saved);
    };
    await trainEpochs(model, rows, metadata, { values, terminal, signal, save });
    await save();
  } finally {
    model.dispose();
    device.destroy();
  }
  terminal.line(`Model saved to ${out}\n\nWrite from it:`);
  const quoted = /^[\w./-]+$/.test(out) ? out : JSON.stringify(out);
  terminal.line(`  npx webgpu-rnn text --generate ${quoted} --temperature 0.5`);
}

interface Training {
  values: TextValues;
  terminal: Terminal;
  signal: AbortSignal;
  save: () => Promise<void>;
}

/** @throws {StoppedError} `signal` asked to stop after at least one epoch; the model as it is was saved then. */
async function trainEpochs(
  model: Sequential,
  { x, y }: TextWindows,
  metadata: TextMetadata,
  { values, terminal, signal, save }: Training,
): Promise<void> {
  const { epochs = 10, "batch-size": batchSize = 32 } = values;
  const steps = Math.ceil(x.shape[0] / batchSize);
  let epoch = 0;
  try {
    for (; epoch < epochs; epoch++) {
      terminal.line(`Epoch ${epoch + 1}/${epochs}`);
      const callbacks = [epochProgress(terminal, steps)];
      // A sample needs the model between two epochs, which a callback does not get.
      await model.fit(x, y, { initialEpoch: epoch, epochs: epoch + 1, batchSize, callbacks, signal });
      terminal.line(`${await sampleOf(model, metadata, values, signal)}\n`);
    }
  } catch (error) {
    if (!signal.aborted || epoch === 0) throw error;
    await save();
    throw new StoppedError("the model as trained so far was saved");
  }
}

/** The bar of one epoch, and its line at the end. */
function epochProgress(terminal: Terminal, steps: number): Callback {
  const { colour } = terminal;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  return {
    onBatchEnd(batch, logs) {
      const figures = { loss: logs.loss, acc: logs.acc };
      const progress = { step: batch + 1, steps, seconds: seconds(), logs: figures };
      terminal.draw((columns) => runningLine(progress, { columns, colour }));
    },
    onEpochEnd(_, logs) {
      const figures = { loss: logs.loss, acc: logs.acc };
      terminal.line(finishedLine({ step: steps, steps, seconds: seconds(), logs: figures }, { colour }));
    },
  };
}

async function sampleOf(
  model: Sequential,
  { tokenizer, prompt }: TextMetadata,
  values: TextValues,
  signal: AbortSignal,
): Promise<string> {
  let sample = prompt;
  for await (const character of writing(model, tokenizer, manner(values, prompt, signal)))
    sample += character;
  return sample;
}

/** How the command's flags want a text written. */
function manner(values: TextValues, prompt: string, signal: AbortSignal): GenerateTextOptions {
  return {
    prompt,
    count: values["sample-length"] ?? 300,
    temperature: values.temperature ?? 0.7,
    topK: values["top-k"],
    seed: values.seed ?? 0,
    signal,
  };
}

/** The text goes to stdout as it is written; what there is to say about it to stderr. */
async function write(file: string, values: TextValues, { stdout, stderr, signal }: TextWorld): Promise<void> {
  const { model, tokenizer, ...metadata } = await loadTextModel(await readFile(file));
  const prompt = values.prompt ?? metadata.prompt;
  const device = await requestNodeDevice({ adapter: values.adapter });
  try {
    await model.compile({ loss, device });
    stdout.write(prompt);
    for await (const character of writing(model, tokenizer, manner(values, prompt, signal))) {
      stdout.write(character);
    }
    stdout.write("\n");
    const unknown = unknownCharacters(prompt, tokenizer.vocabulary);
    if (unknown !== "") stderr.write(`characters the model does not know: ${unknown}\n`);
  } finally {
    model.dispose();
    device.destroy();
  }
}

function unknownCharacters(prompt: string, vocabulary: readonly string[]): string {
  const known = new Set(vocabulary);
  return [...new Set(Array.from(prompt))].filter((character) => !known.has(character)).join(" ");
}

/** The first characters of a text; a character is a code point. */
function limited(text: string, limit: number | undefined): string {
  return limit === undefined ? text : Array.from(text).slice(0, limit).join("");
}

const promptLength = 40;

/** The first words of a text. */
function beginning(text: string): string {
  const start = Array.from(text).slice(0, promptLength).join("");
  return start.slice(0, start.lastIndexOf(" ") + 1) || start;
}

function extent(text: string, different: number, { x }: TextWindows): string {
  const [rows, length] = x.shape.map((size) => size.toLocaleString("en"));
  const characters = text.length.toLocaleString("en");
  return `${characters} characters, ${different} different ones, cut into ${rows} rows of ${length}\n`;
}

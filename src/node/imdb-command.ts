import { bagOfWordsBaseline, type DownloadProgress } from "../datasets/index";
import { checkpointStore } from "../io/checkpoint";
import { runJob } from "../job/run";
import type { JobConfig, JobData, JobEvent, JobResult, Scores } from "../job/types";
import type { Device } from "../runtime/device";
import { DeviceError } from "../runtime/errors";
import { runInBrowser } from "./browser-job";
import { findChromium } from "./browsers.mjs";
import { fileBytes } from "./checkpoint-file";
import { comparisonReport, runModels, saveWeights, weightsFile } from "./comparison";
import { listNodeAdapters, requestNodeDevice } from "./device";
import { checkWritable, writeFileAtomic } from "./files";
import { jobConfig, type ImdbValues } from "./imdb-flags";
import { checkpointMetadata, checkpointPath, findCheckpoint } from "./job-checkpoint";
import { firstRows, jobData } from "./job-data";
import { loadReviews, type Reviews } from "./load-reviews";
import { figure } from "./progress";
import { reportEvent } from "./report";
import { StoppedError } from "./stopped";
import type { Terminal } from "./terminal";
import { whatToTry } from "./what-to-try";

export interface CommandContext {
  terminal: Terminal;
  /** Ctrl-C. */
  signal: AbortSignal;
}

interface Run {
  result: JobResult;
  weights: Uint8Array;
}

/** `webgpu-rnn imdb`: load the reviews, train, evaluate, save, and say what to try next. */
export async function imdbCommand(values: ImdbValues, { terminal, signal }: CommandContext): Promise<void> {
  if (values.adapter === "list") return listAdapters(terminal);
  const out = values.out ?? "artifacts/imdb.safetensors";
  await checkWritable(out);
  if (values.report !== undefined) await checkWritable(values.report);

  const reviews = await loadReviews({
    data: values.data,
    sample: values.sample,
    numWords: values["num-words"] ?? 10_000,
    onProgress: (progress) => terminal.draw(() => downloadText(progress)),
    notice: (line) => terminal.line(line),
  });
  signal.throwIfAborted();
  const config = jobConfig(values, reviews.sample);
  const data = jobData(reviews, config);
  if (values.model) {
    const names = values.model;
    const fileOf = (settings: JobConfig) => weightsFile(names, out, settings.model);
    const runNetwork = (settings: JobConfig) =>
      run(values, settings, data, { terminal, signal, out: fileOf(settings) });
    const runs = await runModels({ names, config, data, runNetwork }, { terminal, signal });
    await saveWeights(runs, out, terminal);
    await writeReport(values.report, comparisonReport(runs, config), terminal);
    // Not before: a run that is stopped at a later model goes on behind the earlier ones.
    for (const { name } of runs) await fileBytes(checkpointPath(weightsFile(names, out, name))).clear();
    return;
  }
  const { result, weights } = await run(values, config, data, { terminal, signal, out });

  await writeFileAtomic(out, weights);
  await fileBytes(checkpointPath(out)).clear();
  const baseline = reviews.sample ? bagOfWords(reviews, config) : undefined;
  tellResult(terminal, { result, baseline, reviews: config.testLimit ?? reviews.test.x.length });
  terminal.line(`Weights saved to ${out}`);
  await writeReport(values.report, reportOf(config, result, baseline), terminal);
  terminal.line(`\n${whatToTry(out, reviews.sample)}`);
}

async function writeReport(file: string | undefined, report: object, terminal: Terminal): Promise<void> {
  if (file === undefined) return;
  await writeFileAtomic(file, `${JSON.stringify(report, undefined, 2)}\n`);
  terminal.line(`Report written to ${file}`);
}

/** Writes a line for each adapter that Node finds. */
export async function listAdapters(terminal: Terminal): Promise<void> {
  const adapters = await listNodeAdapters();
  for (const { name, description, software } of adapters) {
    terminal.line(`${name}${software ? " (software)" : ""}: ${description}`);
  }
  if (adapters.length === 0)
    terminal.line("Node finds no WebGPU adapter; npm start then uses a headless browser.");
}

interface RunContext extends CommandContext {
  /** Where the weights will go; checkpoints lie beside it. */
  out: string;
}

/** In Node; in a headless browser where that is asked for, or where Node has no adapter but a browser may. */
async function run(values: ImdbValues, config: JobConfig, data: JobData, context: RunContext): Promise<Run> {
  const { terminal, signal } = context;
  const emit = (event: JobEvent) => reportEvent(terminal, event);
  const path = checkpointPath(context.out);
  const resume = await findCheckpoint(path, config, { resume: values.resume ?? false, terminal });
  const bytes = fileBytes(path);
  const metadata = checkpointMetadata(data.preprocessing, config);
  const device = values.browser ? undefined : await nodeDevice(values.adapter, terminal);
  try {
    if (!device)
      return await runInBrowser(config, data, { emit, signal, checkpoint: { bytes, metadata, resume } });
    const store = checkpointStore(bytes, { metadata });
    const another = () => requestNodeDevice({ adapter: values.adapter });
    return await runJob(config, data, device, { emit, signal, another, checkpoint: { store, resume } });
  } catch (error) {
    if (!signal.aborted || !(await bytes.load())) throw error;
    throw new StoppedError(`the same command with --resume goes on from ${path}`);
  } finally {
    device?.destroy();
  }
}

async function nodeDevice(adapter: string | undefined, terminal: Terminal): Promise<Device | undefined> {
  try {
    return await requestNodeDevice({ adapter });
  } catch (error) {
    const browser = findChromium();
    if (!(error instanceof DeviceError) || adapter !== undefined || browser === undefined) throw error;
    terminal.line(`Node finds no WebGPU adapter; running in the browser ${browser}`);
    return undefined;
  }
}

function downloadText({ file, received, total }: DownloadProgress): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  return `Downloading ${file}: ${megabytes(received)}${total ? ` of ${megabytes(total)}` : ""} MB`;
}

function bagOfWords({ train, test }: Reviews, { trainLimit, testLimit, numWords }: JobConfig): Scores {
  return bagOfWordsBaseline({
    train: firstRows(train, trainLimit),
    test: firstRows(test, testLimit),
    numWords,
  });
}

function tellResult(
  terminal: Terminal,
  { result, baseline, reviews }: { result: JobResult; baseline?: Scores; reviews: number },
): void {
  const { loss, acc } = result.test;
  const rows = reviews.toLocaleString("en");
  terminal.line(`Test: loss ${figure(loss)}, acc ${figure(acc)} on ${rows} reviews never trained on`);
  if (!baseline) return;
  terminal.line(
    `A bag of words on the same reviews: loss ${figure(baseline.loss)}, acc ${figure(baseline.acc)}`,
  );
  const lead = (acc - baseline.acc) * 100;
  const compared = lead >= 0 ? "more" : "fewer";
  terminal.line(`Reading them in order gets ${Math.abs(lead).toFixed(1)} in 100 ${compared} right.`);
}

/** The report's form is fixed: other programs read it. */
function reportOf(config: JobConfig, result: JobResult, bagOfWords: Scores | undefined): object {
  const { adapter, parameters, epochs, test, seconds } = result;
  return { adapter, config, parameters, epochs, test, seconds, ...(bagOfWords && { bagOfWords }) };
}

import { forgetCheckpoint, loadCheckpoint, type Checkpoint } from "./checkpoint";
import { kerasCode, typescriptCode } from "./code";
import { Desk } from "./desk";
import { announce, byId, make, percent, setText } from "./dom";
import { Engine } from "./engine";
import { examples } from "./examples";
import { examineGpu, type GpuStatus } from "./gpu";
import { fromFile } from "./files";
import { Inside } from "./inside";
import { Knobs } from "./knobs";
import { ReadingView } from "./reading-view";
import type { ReaderService } from "./reader.worker";
import { loadRecording, play } from "./recorded";
import { Remote } from "./rpc";
import { Runs, type Run } from "./runs";
import { hashOf, knobs as readingKnobs, presets, settingsFromHash, type Settings } from "./settings";
import { wireTabs } from "./tabs";
import { followTheme } from "./theme";
import { Training, type TrainingState } from "./training";
import { WritePage } from "./write-page";
import { isWriteHash, writeHashOf, writeSettingsFromHash } from "./write-settings";

const builtInName = "The net that comes with the page: 16 units, trained on sample reviews";

/** Words of the sample corpus, with the four numbers that stand for no word. */
let sampleVocabulary = 0;

const engine = new Engine();
const reader = new Remote<ReaderService>(
  new Worker(new URL("./reader.worker.ts", import.meta.url), { type: "module", name: "reader" }),
  showDownload,
);
const view = new ReadingView();
const desk = new Desk(reader, view, engine);
const knobs = new Knobs<Settings>({
  knobs: readingKnobs,
  prefix: "knob",
  settings: settingsFromHash(isWriteHash(location.hash) ? "" : location.hash),
  place: () => byId("knobs"),
  presetOf: ({ data }) => presets[data],
  leading: "data",
  onChange: showSettings,
});
const writePage = new WritePage(engine, reader, keepAddress);
const runs = new Runs((settings) => knobs.set(settings));
const training = new Training(engine, reader, desk, runs);
const inside = new Inside(reader, desk, engine, training);
let recording: Run | undefined;

desk.onModel = () => inside.update();
training.onState = showState;
training.onSummary = (text) => setText(byId("summary"), text);
followTheme(() => view.redraw());
const openTab = wireTabs(byId("pages"), keepAddress);
openTab(isWriteHash(location.hash) ? "tab-write" : "tab-read");
window.addEventListener("hashchange", takeAddress);
wireControls();
wireExamples();
wireFiles();
document.documentElement.dataset.ready = "";
keepAddress();
void start();

async function start(): Promise<void> {
  const review = byId<HTMLTextAreaElement>("review");
  review.value ||= examples[0].text;
  const gpu = examineGpu();
  const file = await (await fetch(new URL("./model.safetensors", document.baseURI))).blob();
  const model = await fromFile(file);
  byId("built-in").addEventListener("click", () => void desk.use(model, builtInName));
  sampleVocabulary = model.preprocessing.vocabulary.length + 4;
  showSettings(knobs.settings);
  await desk.use(model, builtInName);
  showGpu(await gpu);
  recording = await loadRecording();
  await runs.restore(recording);
  const checkpoint = engine.usable ? await loadCheckpoint() : undefined;
  if (checkpoint) offerToGoOn(checkpoint);
  await desk.read();
  // What the first click will need is there then, even if the network is gone.
  const needs = [reader.call("fetchText"), ...(engine.usable ? [engine.device()] : [])];
  await Promise.allSettled(needs);
  document.documentElement.dataset.complete = "";
}

/** The address holds the settings of the tab that is open. */
function keepAddress(): void {
  if (document.documentElement.dataset.ready === undefined) return;
  const hash = byId("page-write").hidden ? hashOf(knobs.settings) : writeHashOf(writePage.settings);
  history.replaceState(null, "", hash);
}

function takeAddress(): void {
  const { hash } = location;
  // A link within the page is no address of settings.
  if (!hash.includes("=")) return keepAddress();
  const write = isWriteHash(hash);
  openTab(write ? "tab-write" : "tab-read");
  if (write) writePage.settings = writeSettingsFromHash(hash);
  else knobs.set(settingsFromHash(hash));
}

function showGpu(status: GpuStatus): void {
  byId("gpu").dataset.state = status.state;
  setText(byId("gpu-text"), status.name);
  byId("gpu").title = status.name;
  engine.usable = status.state !== "none";
  writePage.showGpu();
  byId("start").textContent = engine.usable ? "Train" : "Play a recorded training";
  if (status.state === "none") notify(status.title, status.advice, "problem");
  else if (status.state === "software") setText(byId("status"), `Ready. ${status.title} ${status.advice}`);
}

function notify(title: string, text: string, kind: "offer" | "problem", ...buttons: HTMLElement[]): void {
  const notice = byId("notice");
  notice.dataset.kind = kind;
  const row = buttons.length > 0 ? [make("div", { className: "row" }, ...buttons)] : [];
  notice.replaceChildren(make("strong", {}, title), text, ...row);
  notice.hidden = false;
}

function offerToGoOn(checkpoint: Checkpoint): void {
  const { settings, progress, run } = checkpoint;
  const goOn = make("button", { type: "button", className: "primary", id: "go-on", textContent: "Go on" });
  const discard = make("button", { type: "button", id: "discard", textContent: "Discard it" });
  goOn.addEventListener("click", () => {
    byId("notice").hidden = true;
    knobs.set(settings);
    void training.start(settings, { from: checkpoint });
  });
  discard.addEventListener("click", () => {
    byId("notice").hidden = true;
    void forgetCheckpoint();
  });
  const where = `epoch ${progress.epoch + 1} of ${settings.epochs}, step ${progress.step}`;
  notify(
    "A training was interrupted.",
    `${run.name} stands at ${where}. Weights, optimizer and position are kept: it goes on as if it had never stopped.`,
    "offer",
    goOn,
    discard,
  );
}

function wireControls(): void {
  byId("start").addEventListener("click", () => void begin(false));
  byId("step").addEventListener("click", () => {
    if (training.state === "idle") void begin(true);
    else training.stepOnce();
  });
  byId("pause").addEventListener("click", () => {
    if (training.state === "paused") training.resume();
    else training.pause();
  });
  byId("stop").addEventListener("click", () => training.stop());
  byId("reset").addEventListener("click", () => knobs.reset());
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-copy]")) {
    button.addEventListener("click", () => {
      const text = byId(button.dataset.copy ?? "").textContent ?? "";
      void navigator.clipboard.writeText(text).then(() => announce("Copied."));
    });
  }
}

async function begin(paused: boolean): Promise<void> {
  if (!engine.usable) return playRecording();
  if (!knobs.check()) return;
  if (byId("notice").dataset.kind === "offer") byId("notice").hidden = true;
  await training.start(knobs.settings, { paused });
}

async function playRecording(): Promise<void> {
  if (!recording) return;
  const button = byId<HTMLButtonElement>("start");
  button.disabled = true;
  setText(byId("status"), "Playing the training of the net above, as it was recorded.");
  await play(recording, runs, ({ epoch, val_acc }) => {
    announce(`Recorded epoch ${epoch + 1}: validation accuracy ${percent(val_acc)}.`);
  });
  setText(byId("status"), "The recording is over.");
  button.disabled = false;
}

function showState(state: TrainingState): void {
  const idle = state === "idle";
  byId<HTMLButtonElement>("start").disabled = !idle;
  byId<HTMLButtonElement>("pause").disabled = state !== "running" && state !== "paused";
  byId<HTMLButtonElement>("step").disabled = state !== "paused" && !(idle && engine.usable);
  byId<HTMLButtonElement>("stop").disabled = state !== "running" && state !== "paused";
  setText(byId("pause"), state === "paused" ? "Resume" : "Pause");
}

function showSettings(settings: Settings): void {
  const { data, numWords, embedding, units } = settings;
  const vocabulary =
    data === "sample" && sampleVocabulary > 0 ? Math.min(numWords, sampleVocabulary) : numWords;
  const weights = vocabulary * embedding + embedding * units + units * units + 2 * units + 1;
  const count = weights.toLocaleString("en");
  setText(
    byId("net-size"),
    `Embedding ${vocabulary} × ${embedding} → SimpleRNN ${units} → 1: ${count} weights`,
  );
  setText(byId("code-ts"), typescriptCode(settings));
  setText(byId("code-py"), kerasCode(settings));
  byId("drop").hidden = data !== "imdb";
  keepAddress();
}

function wireExamples(): void {
  const select = byId<HTMLSelectElement>("example");
  select.append(...examples.map(({ title }, i) => new Option(title, String(i))));
  select.addEventListener("change", () => void desk.write(examples[Number(select.value)].text));
}

function wireFiles(): void {
  const take = async (list: Iterable<File>): Promise<void> => {
    const files = [...list];
    const isData = ({ name }: File): boolean => /\.npz$|word_index\.json$/.test(name);
    for (const file of files.filter(isData)) {
      const name = file.name.endsWith(".npz") ? "imdb.npz" : "imdb_word_index.json";
      await reader.call("addFile", name, new Uint8Array(await file.arrayBuffer()));
      training.forgetData();
      setText(byId("status"), `${file.name} will be used.`);
    }
    const isText = ({ name, type }: File): boolean => name.endsWith(".txt") || type === "text/plain";
    const [text] = files.filter(isText);
    if (text) await writePage.open(text);
    await inside.open(files.filter((file) => !isData(file) && !isText(file)));
  };
  byId("imdb-file").addEventListener(
    "change",
    (event) => void take((event.target as HTMLInputElement).files ?? []),
  );
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    void take(event.dataTransfer?.files ?? []);
  });
}

function showDownload(progress: unknown): void {
  const { file, received, total } = progress as { file: string; received: number; total?: number };
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  setText(byId("status"), `${file}: ${megabytes(received)}${total ? ` of ${megabytes(total)}` : ""}`);
}

import type { WorkerDevice } from "webgpu-rnn/worker";
import { forgetCheckpoint, keepCheckpoint, type Checkpoint } from "./checkpoint";
import { readingCourse, type EpochFigures, type Validation } from "./courses";
import type { Desk } from "./desk";
import { announce, byId, duration, percent, setText } from "./dom";
import type { Engine } from "./engine";
import { KernelTimes } from "./kernel-times";
import { messageOf, throughLosses } from "./losses";
import type { Model } from "./net";
import type { Loaded, ReaderService } from "./reader.worker";
import type { Remote } from "./rpc";
import type { Run, Runs } from "./runs";
import type { Settings } from "./settings";
import type { Speed, Trainer } from "./trainer";

/** The net on the desk follows the training this often. */
const liveMilliseconds = 1200;
/** A reload loses at most this much of a training. */
const checkpointMilliseconds = 4000;

export type TrainingState = "idle" | "starting" | "running" | "paused";

/** Starts, pauses, keeps and resumes trainings, and shows how they go. */
export class Training {
  readonly #engine: Engine;
  readonly #reader: Remote<ReaderService>;
  readonly #desk: Desk;
  readonly #runs: Runs;
  readonly #kernelTimes = new KernelTimes();
  #data: { key: string; loaded: Loaded } | undefined;
  #trainer: Trainer<Validation> | undefined;
  #state: TrainingState = "idle";
  #checkpoint: Checkpoint | undefined;
  #lastLive = 0;
  #lastKept = 0;

  onState: (state: TrainingState) => void = () => undefined;
  onSummary: (text: string) => void = () => undefined;

  constructor(engine: Engine, reader: Remote<ReaderService>, desk: Desk, runs: Runs) {
    this.#engine = engine;
    this.#reader = reader;
    this.#desk = desk;
    this.#runs = runs;
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#lastKept = 0;
    });
  }

  get state(): TrainingState {
    return this.#state;
  }

  /** Trains to the end, or until it is stopped; with a checkpoint, it goes on from there. */
  async start(settings: Settings, { from, paused = false }: { from?: Checkpoint; paused?: boolean } = {}) {
    if (this.#state !== "idle") return;
    this.#setState("starting");
    this.#checkpoint = from;
    const run = from ? (this.#runs.find(from.run.id) ?? from.run) : this.#runs.begin(settings, "");
    if (from) this.#takeUp(run, from);
    try {
      const loaded = await this.load(settings);
      await this.#trainThroughLosses(settings, loaded, run, paused);
    } catch (error) {
      run.state = "stopped";
      this.#say(messageOf(error));
    } finally {
      this.#trainer?.dispose();
      this.#trainer = undefined;
    }
    this.#setState("idle");
    this.#runs.refresh();
    await this.#runs.save();
  }

  pause(): void {
    this.#trainer?.pause();
    this.#lastKept = 0;
    this.#setState("paused");
  }

  resume(): void {
    this.#setState("running");
    this.#trainer?.resume();
  }

  stepOnce(): void {
    this.#trainer?.stepOnce();
  }

  stop(): void {
    this.#trainer?.stop();
  }

  /** The data set of these settings, kept until another one is asked for. */
  async load({ data, numWords, maxlen }: Pick<Settings, "data" | "numWords" | "maxlen">): Promise<Loaded> {
    const key = `${data} ${numWords} ${maxlen}`;
    if (this.#data?.key !== key) {
      this.#say(data === "imdb" ? "Fetching the reviews …" : "Writing the sample reviews …");
      this.#data = undefined;
      this.#data = { key, loaded: await this.#reader.call("load", { data, numWords, maxlen }) };
    }
    return this.#data.loaded;
  }

  /** Files have been dropped: what was loaded before is no longer what is asked for. */
  forgetData(): void {
    this.#data = undefined;
  }

  #takeUp(run: Run, { run: kept }: Checkpoint): void {
    const { points, epochs, seconds } = structuredClone(kept);
    Object.assign(run, { points, epochs, seconds, state: "running", shown: true });
    this.#runs.add(run);
  }

  #trainThroughLosses(settings: Settings, loaded: Loaded, run: Run, paused: boolean): Promise<void> {
    return throughLosses(
      this.#engine,
      (device, losses) =>
        this.#train(device, settings, loaded, run, losses === 0 ? paused : this.#state === "paused"),
      (why) => {
        this.#trainer?.dispose();
        this.#trainer = undefined;
        announce("The GPU was lost; the training goes on from its last checkpoint.");
        this.#say(`The GPU was lost (${why}). Going on from the last checkpoint …`);
        if (this.#checkpoint) this.#takeUp(run, this.#checkpoint);
        else Object.assign(run, { points: [], epochs: [], seconds: 0 });
      },
    );
  }

  async #train(device: WorkerDevice, settings: Settings, loaded: Loaded, run: Run, paused: boolean) {
    this.#say("Compiling the kernels …");
    run.adapter = device.description;
    const place = { engine: this.#engine.worker, device };
    const trainer = await readingCourse(place, settings, loaded, this.#checkpoint);
    this.#trainer = trainer;
    this.onSummary(await trainer.model.summary({ print: () => undefined }));
    await this.#desk.use(await modelOf(trainer, loaded), `${run.name}, in training`, run);
    if (paused) trainer.pause();
    this.#setState(paused ? "paused" : "running");
    this.#say(paused ? "Paused before the first step." : "Training …");
    const timed = device.features.includes("timestamp-query");
    this.#kernelTimes.begin(timed);
    await this.#runTrainer(trainer, settings, run, timed);
    await this.#finish(trainer, loaded, run, settings);
  }

  #runTrainer(trainer: Trainer<Validation>, settings: Settings, run: Run, timed: boolean): Promise<void> {
    return trainer.run({
      onPoint: (point, speed) => {
        run.seconds = trainer.progress.seconds;
        this.#runs.addPoint(run, point);
        this.#showSpeed(speed, settings);
      },
      onEpoch: (figures) => {
        this.#runs.addEpoch(run, figures);
        this.#showEpoch(figures, settings);
        this.#lastKept = 0;
      },
      onSample: timed ? (sample) => this.#kernelTimes.add(sample) : undefined,
      between: () => this.#between(trainer, settings, run),
    });
  }

  /** Weights for the net on the desk, and every now and then a checkpoint. */
  async #between(trainer: Trainer<Validation>, settings: Settings, run: Run): Promise<void> {
    const now = performance.now();
    const keepDue = trainer.paused || this.#lastKept === 0 || now - this.#lastKept > checkpointMilliseconds;
    if (!keepDue && now - this.#lastLive < liveMilliseconds) return;
    const weights = await trainer.model.getWeights();
    if (keepDue) {
      this.#lastKept = now;
      const optimizer = await trainer.model.getOptimizerState();
      const progress = structuredClone(trainer.progress);
      this.#checkpoint = { settings, progress, run: structuredClone(run), weights, optimizer };
      void keepCheckpoint(this.#checkpoint);
    }
    this.#lastLive = now;
    if (!document.hidden) void this.#desk.refresh(weights, run);
  }

  async #finish(trainer: Trainer<Validation>, loaded: Loaded, run: Run, settings: Settings): Promise<void> {
    const done = trainer.progress.epoch >= settings.epochs;
    run.state = done ? "done" : "stopped";
    run.seconds = trainer.progress.seconds;
    await this.#desk.use(
      await modelOf(trainer, loaded),
      `${run.name}, ${done ? "trained" : "stopped early"}`,
    );
    await forgetCheckpoint();
    this.#checkpoint = undefined;
    const best = Math.max(...run.epochs.map(({ val_acc }) => val_acc));
    const result = run.epochs.length > 0 ? `: best validation accuracy ${percent(best)}` : "";
    this.#say(`${done ? "Done" : "Stopped"} after ${duration(run.seconds)}${result}.`);
    announce(`Training ${done ? "done" : "stopped"}${result}.`);
  }

  #showSpeed(
    { samplesPerSecond, stepMilliseconds, secondsLeft, step, steps, epoch }: Speed,
    { epochs }: Settings,
  ) {
    byId<HTMLProgressElement>("progress").value = (epoch + step / steps) / epochs;
    setText(byId("f-epoch"), `${epoch + 1} / ${epochs}`);
    setText(byId("f-step"), `${step} / ${steps}`);
    setText(byId("f-speed"), Math.round(samplesPerSecond).toLocaleString("en"));
    setText(byId("f-ms"), `${stepMilliseconds.toFixed(stepMilliseconds < 10 ? 2 : 0)} ms`);
    setText(byId("f-left"), duration(secondsLeft));
    if (this.#state === "running") this.#say("Training …");
  }

  #showEpoch({ epoch, val_acc, val_loss }: EpochFigures, { epochs }: Settings): void {
    setText(byId("f-val"), percent(val_acc));
    announce(
      `Epoch ${epoch + 1} of ${epochs}: validation accuracy ${percent(val_acc)}, loss ${val_loss.toFixed(3)}.`,
    );
  }

  #setState(state: TrainingState): void {
    this.#state = state;
    if (state === "paused") this.#say("Paused.");
    this.onState(state);
  }

  #say(text: string): void {
    setText(byId("status"), text);
  }
}

/** The net as it is now. */
async function modelOf({ model }: Trainer<Validation>, { preprocessing }: Loaded): Promise<Model> {
  return { layers: model.getConfig().layers, weights: await model.getWeights(), preprocessing };
}

import type { CheckpointOptions } from "../model/fit";
import type {
  EpochReport,
  JobCheckpoint,
  JobConfig,
  JobData,
  JobEvent,
  JobResult,
  LabelledReviews,
  Scores,
} from "./types";

/** What the job needs of a model; `Sequential` has it, and a test's stand-in. */
export interface JobModel {
  fit(x: LabelledReviews["x"], y: ArrayLike<number>, options: FitSettings): Promise<unknown>;
  evaluate(
    x: LabelledReviews["x"],
    y: ArrayLike<number>,
    options: { batchSize: number; signal?: AbortSignal },
  ): Promise<JobLogs>;
}

type JobLogs = Record<string, number>;

interface FitSettings {
  epochs: number;
  batchSize: number;
  validationSplit: number;
  verbose: 0;
  signal?: AbortSignal;
  callbacks: [JobCallback];
  checkpoint?: CheckpointOptions;
  resume?: boolean;
}

interface JobCallback {
  onEpochBegin: (epoch: number) => void;
  onBatchEnd: (batch: number, logs: JobLogs) => void;
  onEpochEnd: (epoch: number, logs: JobLogs) => void;
  saveState: () => unknown;
  restoreState: (state: unknown) => void;
}

/** What a checkpoint keeps of the job's own: the epochs' reports, and the time spent on the one that runs. */
interface ProgressState {
  reports: EpochReport[];
  seconds: number;
}

/** Seconds between two checkpoints within an epoch; each takes a copy on the GPU and the writing of a small file. */
const checkpointSeconds = 10;

export interface TrainOptions {
  emit: (event: JobEvent) => void;
  signal?: AbortSignal;
  checkpoint?: JobCheckpoint;
  /** The time in ms; for tests. */
  now?: () => number;
}

/**
 * Trains `model` on the job's reviews and evaluates it, and tells of each step through `emit`.
 *
 * @returns the figures, and the seconds that went into the training before this run resumed it
 * @throws {DOMException} `AbortError`: `signal` asked to stop.
 */
export async function trainAndEvaluate(
  model: JobModel,
  config: JobConfig,
  data: JobData,
  { emit, signal, checkpoint, now = () => performance.now() }: TrainOptions,
): Promise<Pick<JobResult, "epochs" | "test"> & { earlier: number }> {
  const { epochs, batchSize, validationSplit } = config;
  const { train, test } = data;
  const steps = Math.ceil(trainingRows(train.x.shape[0], validationSplit) / batchSize);
  const reports: EpochReport[] = [];
  let begun = 0;
  let earlier = 0;
  const seconds = () => (now() - begun) / 1000;
  const progress: JobCallback = {
    onEpochBegin(epoch) {
      begun = now();
      emit({ kind: "epoch", epoch, epochs });
    },
    onBatchEnd(batch, logs) {
      emit({ kind: "step", step: batch + 1, steps, seconds: seconds(), ...scores(logs) });
    },
    onEpochEnd(epoch, logs) {
      const validation =
        logs.val_loss === undefined ? {} : { val_loss: logs.val_loss, val_acc: logs.val_acc };
      const report = { ...scores(logs), ...validation, seconds: seconds(), steps };
      reports.push(report);
      emit({ kind: "epochEnd", epoch, ...report });
    },
    saveState: () => ({ reports: [...reports], seconds: seconds() }),
    restoreState(state) {
      const before = state as ProgressState;
      reports.push(...before.reports);
      begun = now() - before.seconds * 1000;
      earlier = before.reports.reduce((sum, report) => sum + report.seconds, before.seconds);
    },
  };
  const callbacks: [JobCallback] = [progress];
  await model.fit(train.x, train.y, {
    ...{ epochs, batchSize, validationSplit, verbose: 0, signal, callbacks },
    ...(checkpoint && {
      checkpoint: { store: checkpoint.store, everySeconds: checkpointSeconds },
      resume: checkpoint.resume,
    }),
  });
  emit({ kind: "evaluate" });
  const figures = await model.evaluate(test.x, test.y, { batchSize, signal });
  return { epochs: reports, test: scores(figures), earlier };
}

function scores(logs: JobLogs): Scores {
  return { loss: logs.loss ?? NaN, acc: logs.acc ?? NaN };
}

/** Keras holds the last n - floor(n · (1 - split)) rows out for validation. */
function trainingRows(rows: number, validationSplit: number): number {
  return validationSplit === 0 ? rows : Math.floor(rows * (1 - validationSplit));
}

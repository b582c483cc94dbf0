import { knownOptions } from "./checks";
import { runPass, type Pass } from "./runner";
import {
  checkBatchSize,
  figures,
  openWorkspace,
  prepareTargets,
  prepareTokens,
  range,
  type Labels,
  type Session,
} from "./session";
import { outputSteps } from "./stages";
import { namedStates, statePlans, type NamedState } from "./states";
import type { TokenInput } from "./token-data";

export interface EvaluateOptions {
  /** Rows per batch; decides speed and memory, not the result. Default 32. */
  batchSize?: number;
  sampleWeight?: ArrayLike<number>;
  signal?: AbortSignal;
}

export interface PredictOptions {
  /** Rows per batch. Default 32. */
  batchSize?: number;
  signal?: AbortSignal;
}

/** The model's outputs, row-major. */
export interface Prediction {
  data: Float32Array;
  /** [rows, columns], or [rows, steps, columns] where the model returns sequences. */
  shape: number[];
  /** Of layers with `returnState`, in their order: the states after each row's last step. */
  states?: NamedState[];
}

const defaultBatchSize = 32;

/** See `Sequential.evaluate`. */
export async function evaluate(
  session: Session,
  x: TokenInput,
  y: Labels,
  options: EvaluateOptions,
): Promise<Record<string, number>> {
  knownOptions("evaluate", options, ["batchSize", "sampleWeight", "signal"]);
  const { batchSize = defaultBatchSize, sampleWeight, signal } = options;
  checkBatchSize(batchSize, "evaluate");
  const data = prepareTokens(session, x, "evaluate");
  const targets = prepareTargets(session, data, y, sampleWeight, "evaluate");
  const workspace = await openWorkspace(session, data, batchSize, false);
  const order = range(0, data.rows);
  const { device, accuracy } = session.compiled;
  return figures(
    await runPass(device, workspace, { where: "evaluate", data, targets, order, batchSize, signal }),
    accuracy,
  );
}

/** See `Sequential.predict`. */
export async function predict(session: Session, x: TokenInput, options: PredictOptions): Promise<Prediction> {
  knownOptions("predict", options, ["batchSize", "signal"]);
  const { batchSize = defaultBatchSize, signal } = options;
  checkBatchSize(batchSize, "predict");
  const data = prepareTokens(session, x, "predict");
  const workspace = await openWorkspace(session, data, batchSize, false);
  const { sequences, outputs: columns } = session.architecture;
  const steps = outputSteps(session.architecture, data.steps);
  const perRow = sequences ? steps * columns : columns;
  const result = new Float32Array(data.rows * perRow);
  const plans = statePlans(session.architecture).filter(({ returned }) => returned);
  const widths = plans.map(({ parts, units }) => parts.length * units);
  const states = widths.map((width) => new Float32Array(data.rows * width));
  const onOutputs: Pass["onOutputs"] = (values, sorted, last) => {
    for (let i = 0; i * perRow < values.length && i < sorted.length; i++) {
      const from = sequences ? (i * (steps + 1) + 1) * columns : i * columns;
      result.set(values.subarray(from, from + perRow), sorted[i] * perRow);
    }
    widths.forEach((width, k) => {
      sorted.forEach((row, i) => {
        states[k].set(last[k].subarray(i * width, (i + 1) * width), row * width);
      });
    });
  };
  const order = range(0, data.rows);
  const pass = { where: "predict", data, targets: undefined, order, batchSize, signal, onOutputs };
  await runPass(session.compiled.device, workspace, pass);
  const shape = sequences ? [data.rows, steps, columns] : [data.rows, columns];
  const named = namedStates(plans, { rows: data.rows, values: states });
  return { data: result, shape, ...(plans.length > 0 ? { states: named } : {}) };
}

/** See `Sequential.trainOnBatch`. */
export async function trainOnBatch(
  session: Session,
  x: TokenInput,
  y: Labels,
  { sampleWeight }: { sampleWeight?: ArrayLike<number> },
): Promise<Record<string, number>> {
  const data = prepareTokens(session, x, "trainOnBatch");
  checkBatchSize(data.rows, "trainOnBatch, rows of x as one batch");
  const targets = prepareTargets(session, data, y, sampleWeight, "trainOnBatch");
  const workspace = await openWorkspace(session, data, data.rows, true);
  const order = range(0, data.rows);
  const { device, accuracy } = session.compiled;
  const pass = {
    where: "trainOnBatch",
    data,
    targets,
    order,
    batchSize: data.rows,
    nextStep: session.nextStep,
    stepTaken: session.stepTaken,
  };
  const means = await runPass(device, workspace, pass);
  await session.recovery.atEnd(session, workspace.carried);
  return figures(means, accuracy);
}

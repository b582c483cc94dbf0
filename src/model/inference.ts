import { knownOptions } from "./checks";
import { runPass, type Means, type Pass } from "./runner";
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

/** One pass over all rows in their order. */
async function passOver(session: Session, pass: Omit<Pass, "order">): Promise<Means> {
  const { data, batchSize, nextStep } = pass;
  const workspace = await openWorkspace(session, data, batchSize, nextStep !== undefined);
  const means = await runPass(session.compiled.device, workspace, { ...pass, order: range(0, data.rows) });
  if (nextStep) await session.recovery.atEnd(session, workspace.carried);
  return means;
}

/** See `Sequential.evaluate`. */
export async function evaluate(
  session: Session,
  x: TokenInput,
  y: Labels,
  options: EvaluateOptions,
): Promise<Record<string, number>> {
  const where = "evaluate";
  knownOptions(where, options, ["batchSize", "sampleWeight", "signal"]);
  const { batchSize = defaultBatchSize, sampleWeight, signal } = options;
  checkBatchSize(batchSize, where);
  const data = prepareTokens(session, x, where);
  const targets = prepareTargets(session, data, y, sampleWeight, where);
  const means = await passOver(session, { where, data, targets, batchSize, signal });
  return figures(means, session.compiled.accuracy);
}

/** See `Sequential.predict`. */
export async function predict(session: Session, x: TokenInput, options: PredictOptions): Promise<Prediction> {
  const where = "predict";
  knownOptions(where, options, ["batchSize", "signal"]);
  const { batchSize = defaultBatchSize, signal } = options;
  checkBatchSize(batchSize, where);
  const data = prepareTokens(session, x, where);
  const { rows } = data;
  const { sequences, outputs: columns } = session.architecture;
  const steps = outputSteps(session.architecture, data.steps);
  const perRow = sequences ? steps * columns : columns;
  const result = new Float32Array(rows * perRow);
  const plans = statePlans(session.architecture).filter(({ returned }) => returned);
  const widths = plans.map(({ parts, units }) => parts.length * units);
  const values = widths.map((width) => new Float32Array(rows * width));
  const onOutputs: Pass["onOutputs"] = (outputs, sorted, last) => {
    sorted.forEach((row, i) => {
      let to = row * perRow;
      for (const values of outputs) {
        const own = values.length / sorted.length;
        // Of a sequence the row before its first step is no output.
        const made = values.subarray(i * own + (sequences ? columns : 0), (i + 1) * own);
        result.set(made, to);
        to += made.length;
      }
      last.forEach((state, k) => {
        values[k].set(state.subarray(i * widths[k], (i + 1) * widths[k]), row * widths[k]);
      });
    });
  };
  await passOver(session, { where, data, targets: undefined, batchSize, signal, onOutputs });
  const shape = sequences ? [rows, steps, columns] : [rows, columns];
  const states = namedStates(plans, { rows, values });
  return { data: result, shape, ...(plans.length > 0 ? { states } : {}) };
}

/** See `Sequential.trainOnBatch`. */
export async function trainOnBatch(
  session: Session,
  x: TokenInput,
  y: Labels,
  { sampleWeight }: { sampleWeight?: ArrayLike<number> },
): Promise<Record<string, number>> {
  const where = "trainOnBatch";
  const data = prepareTokens(session, x, where);
  const { rows: batchSize } = data;
  checkBatchSize(batchSize, `${where}, rows of x as one batch`);
  const targets = prepareTargets(session, data, y, sampleWeight, where);
  const { nextStep, stepTaken } = session;
  const means = await passOver(session, { where, data, targets, batchSize, nextStep, stepTaken });
  return figures(means, session.compiled.accuracy);
}

import { invalid } from "../runtime/errors";
import type { SamplerOptions } from "../runtime/program-sampler";
import type { ScanShape } from "../kernels";
import { recurrentOf, type Architecture } from "./architecture";
import type { BatchCapacity, BatchLayout } from "./batch-layout";
import { batchCapacity, maxBatch } from "./batch-plan";
import type { StepRates } from "./planner";
import { checkSteps, outputSteps, stagesOf } from "./stages";
import type { Targets } from "./targets";
import type { CallbackModel } from "./callback";
import { checkWhole } from "./checks";
import type { EmbeddingConfig, Layer } from "./layers";
import { labelArray, labelWidth } from "./losses";
import type { Recovery } from "./recovery";
import type { Means } from "./runner";
import type { CompiledModel } from "./compiled";
import { tokenData, withPadding, type TokenData, type TokenInput } from "./token-data";
import { moreWindows } from "./windows";
import type { Workspace, WorkspaceNeeds } from "./workspace";

/** Labels: one number for each output, flat or as rows. */
export type Labels = ArrayLike<number | ArrayLike<number>>;

/** What `fit`, `evaluate` and `predict` may use of the model they run for. */
export interface Session extends CompiledModel {
  /** Takes copies of the model in training, for the case that the device is lost. */
  recovery: Recovery;
  workspace: (needs: WorkspaceNeeds) => Promise<Workspace>;
  /** The size of the next optimizer step. */
  nextStep: () => StepRates;
  /** Counts it, once all of it is on its way. */
  stepTaken: () => void;
  /** Who wants to know how long the kernels of a training step take. */
  profile: () => SamplerOptions | undefined;
  /** What callbacks see of the model. */
  callbackModel: (state: { stopTraining: boolean }) => CallbackModel;
  /** The architecture as plain data. */
  config: () => { name: string; layers: Layer[] };
  /** Runs the time loop in another shape from now on. */
  useShape: (shape: ScanShape) => void;
  /** Tells the model how many steps its input has. */
  sawSteps: (steps: number) => void;
}

/** Whether a layer behind the embedding takes tokens projected; all others get the embeddings written out. */
function takesTokens(config: Layer): boolean {
  const plain = recurrentOf(config);
  return plain === config && plain.dropout === 0 && plain.recurrentDropout === 0;
}

/**
 * Whether samples may branch off one run over their padding: where all samples go through the same states
 * there. Layers after the last step do not matter.
 */
function sharesPrefix({ layers, sequences }: Architecture): boolean {
  if (sequences) return false;
  let sequence = true;
  let recurrences = 0;
  for (const { config, outputShape } of layers) {
    if (!sequence) break;
    const recurrent = recurrentOf(config);
    const kind = recurrent === config ? "recurrent" : config.className;
    if (kind === "Embedding" ? (config as EmbeddingConfig).maskZero : !alike.has(kind)) return false;
    if (recurrent && (!takesTokens(recurrent) || recurrent.goBackwards || recurrent.stateful)) return false;
    if (recurrent) recurrences++;
    sequence = outputShape(null).length === 3;
  }
  return recurrences > 0;
}

/** Layers that treat every sample alike, step by step. */
const alike: ReadonlySet<string> = new Set(["recurrent", "Embedding", "Dense", "TimeDistributed"]);

/** Whether the embedding table is larger than a kernel can bind. */
function comesInParts({ parameters }: CompiledModel["compiled"]): boolean {
  return parameters.flat.some(({ parts }) => parts.length > 1);
}

/** How batches of this model are laid out for rows of `steps` steps. */
export function layoutOf({ architecture, compiled }: Session, steps: number): BatchLayout {
  const { layers, sequences, masksLoss, outputs } = architecture;
  const first = layers.at(1)?.config;
  // Rows of a table that no kernel can bind whole are copied, not projected.
  const projects = first !== undefined && takesTokens(first) && !comesInParts(compiled);
  return {
    sharePrefix: sharesPrefix(architecture),
    reverse: projects && (recurrentOf(first)?.goBackwards ?? false),
    sequences,
    maskLoss: masksLoss,
    labelWidth: labelWidth(compiled.loss, outputs),
    rowTokens: first !== undefined && !projects,
    stages: stagesOf(architecture, steps),
  };
}

/** Checks token ids and stores them as the model's layout wants them. */
export function prepareTokens(session: Session, x: TokenInput, where: string): TokenData {
  const data = tokenData(x, session.architecture.vocabulary, where);
  checkSteps(session.architecture, data.steps, where);
  return layoutOf(session, data.steps).sharePrefix ? data : withPadding(data);
}

/** Checks labels and weights. */
export function prepareTargets(
  session: Session,
  data: TokenData,
  y: Labels,
  sampleWeight: ArrayLike<number> | undefined,
  where: string,
): Targets {
  const { sequences, outputs } = session.architecture;
  const outputsPerRow = sequences ? outputSteps(session.architecture, data.steps) : 1;
  const sizes = { rows: data.rows, outputsPerRow, columns: outputs };
  const labels = labelArray(y, session.compiled.loss, sizes, where);
  if (!sampleWeight) return { labels };
  const sampleWeights = Float32Array.from(sampleWeight);
  if (sampleWeights.length !== data.rows || !sampleWeights.every((weight) => Number.isFinite(weight))) {
    throw invalid(
      where,
      `one finite sample weight per row of x (${data.rows})`,
      `${sampleWeights.length}, ${sampleWeights.filter(Number.isFinite).length} of them finite`,
      "pass the weights of the same split",
    );
  }
  return { labels, sampleWeights };
}

/** A workspace with the data set on the device. */
export async function openWorkspace(
  session: Session,
  data: TokenData,
  batchSize: number,
  training: boolean,
): Promise<Workspace> {
  const { architecture, compiled } = session;
  const tokens = data.steps + data.tokens.length;
  const ownTokens = tokens * 4 > compiled.device.limits.maxStorageBufferBindingSize;
  const layout = { ...layoutOf(session, data.steps), ownTokens };
  const part = (samples: number, windows?: number): BatchCapacity =>
    batchCapacity(data, samples, architecture.vocabulary, layout, windows);
  const smaller = ({ samples, windows }: BatchCapacity): BatchCapacity | undefined => {
    if (samples > 1) return part(Math.ceil(samples / 2));
    const more = moreWindows(windows);
    return more < data.steps ? part(1, more) : undefined;
  };
  const workspace = await session.workspace({
    layout,
    capacity: part(batchSize),
    smaller,
    tokens: ownTokens ? 0 : tokens,
    training,
  });
  workspace.uploadTokens(data);
  session.sawSteps(data.steps);
  return workspace;
}

/** @throws {InvalidInputError} not a whole number from 1 to 2²⁴. */
export function checkBatchSize(batchSize: number, where: string): void {
  checkWhole(where, "batchSize", batchSize, 1, maxBatch);
}

/** The figures under the names that the user knows. */
export function figures(means: Means, accuracy: string | undefined, prefix = ""): Record<string, number> {
  const result: Record<string, number> = { [`${prefix}loss`]: means.loss };
  if (accuracy !== undefined) result[`${prefix}${accuracy}`] = means.acc;
  return result;
}

/** The numbers from `begin` to `end` - 1. */
export function range(begin: number, end: number): Uint32Array {
  return Uint32Array.from({ length: end - begin }, (_, i) => begin + i);
}

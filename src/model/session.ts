import { describe, InvalidInputError } from "../runtime/errors";
import type { Architecture } from "./architecture";
import type { BatchLayout } from "./batch-layout";
import { batchCapacity } from "./batch-plan";
import type { Targets } from "./targets";
import type { CallbackModel } from "./callback";
import { labelArray, labelWidth } from "./losses";
import type { Means } from "./runner";
import type { Compiled } from "./compiled";
import { tokenData, withPadding, type TokenData, type TokenInput } from "./token-data";
import type { Workspace, WorkspaceNeeds } from "./workspace";

/** Labels: one number for each output, flat or as rows. */
export type Labels = ArrayLike<number | ArrayLike<number>>;

/** What `fit`, `evaluate` and `predict` may use of the model they run for. */
export interface Session {
  architecture: Architecture;
  compiled: Compiled;
  workspace: (needs: WorkspaceNeeds) => Promise<Workspace>;
  /** Counts an optimizer step and gives its size. */
  nextStep: () => { rate: number; learningRate: number };
  /** What callbacks see of the model. */
  callbackModel: (state: { stopTraining: boolean }) => CallbackModel;
  /** Tells the model how many steps its input has. */
  sawSteps: (steps: number) => void;
}

/** How batches of this model are laid out. */
export function layoutOf({ architecture, compiled }: Session): BatchLayout {
  const { layers, sequences, masksLoss, outputs } = architecture;
  const recurrent = layers.flatMap(({ config }) => (config.className === "SimpleRNN" ? [config] : []));
  const masked = layers.some(({ config }) => config.className === "Embedding" && config.maskZero);
  return {
    sharePrefix:
      recurrent.length > 0 && !sequences && !masked && !recurrent.some((layer) => layer.goBackwards),
    reverse: recurrent[0]?.goBackwards ?? false,
    sequences,
    maskLoss: masksLoss,
    labelWidth: labelWidth(compiled.loss, outputs),
    rowTokens: layers[1]?.config.className === "Dense",
  };
}

/** Checks token ids and stores them as the model's layout wants them. */
export function prepareTokens(session: Session, x: TokenInput, where: string): TokenData {
  const data = tokenData(x, session.architecture.vocabulary, where);
  return layoutOf(session).sharePrefix ? data : withPadding(data);
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
  const sizes = { rows: data.rows, outputsPerRow: sequences ? data.steps : 1, columns: outputs };
  const labels = labelArray(y, session.compiled.loss, sizes, where);
  if (!sampleWeight) return { labels };
  const sampleWeights = Float32Array.from(sampleWeight);
  if (sampleWeights.length !== data.rows || !sampleWeights.every((weight) => Number.isFinite(weight))) {
    throw new InvalidInputError(
      describe(
        where,
        `one finite sample weight per row of x (${data.rows})`,
        `${sampleWeights.length}, ${sampleWeights.filter(Number.isFinite).length} of them finite`,
        "pass the weights of the same split",
      ),
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
  const layout = layoutOf(session);
  const workspace = await session.workspace({
    layout,
    capacity: batchCapacity(data, batchSize, session.architecture.vocabulary, layout),
    tokens: data.steps + data.tokens.length,
    training,
  });
  workspace.uploadTokens(data);
  session.sawSteps(data.steps);
  return workspace;
}

/** @throws {InvalidInputError} not a whole number from 1 to 65,535. */
export function checkBatchSize(batchSize: number, where: string): void {
  if (Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= 65_535) return;
  throw new InvalidInputError(
    describe(
      where,
      "batchSize as a whole number from 1 to 65,535",
      String(batchSize),
      "pass another batchSize",
    ),
  );
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

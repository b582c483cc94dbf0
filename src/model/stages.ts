import { invalid } from "../runtime/errors";
import { recurrentOf, type Architecture, type LayerPlan } from "./architecture";

/** Whether the layers behind this one have another number of steps, their own rows and segments: a stage. */
function opensStage({ config }: LayerPlan): boolean {
  return config.className === "Conv1D" || config.className === "MaxPooling1D";
}

/** Whether a layer cannot take one step after the other: it needs those still to come, or forgets those before. */
export function needsOtherSteps({ config }: LayerPlan): boolean {
  const recurrent = recurrentOf(config);
  if (recurrent) return recurrent !== config || recurrent.goBackwards;
  return /^Conv1D|Pooling1D$|^Flatten$/.test(config.className);
}

/**
 * Steps of each stage of a net, the data's first; none where no layer opens a stage.
 *
 * @throws {InvalidInputError} so few steps that none are left.
 */
export function stagesOf({ layers }: Architecture, steps: number): number[] {
  const behind = layers.filter(opensStage).map(({ outputShape }) => outputShape(steps)[1]!);
  return behind.length > 0 ? [steps, ...behind] : [];
}

/**
 * Checks that rows have as many steps as the weights behind a flattened sequence were made for.
 *
 * @throws {InvalidInputError} they have not.
 */
export function checkSteps({ layers, steps }: Architecture, given: number, where: string): void {
  const flattens = layers.some(
    ({ config }, i) => config.className === "Flatten" && layers[i - 1].outputShape(null).length === 3,
  );
  if (!flattens || given === steps) return;
  throw invalid(
    where,
    `rows of ${steps} steps, as the input layer says`,
    String(given),
    "pad them to that length, or make a model with another input({ shape })",
  );
}

/** Steps of the output of a net that returns sequences. */
export function outputSteps(architecture: Architecture, steps: number): number {
  return stagesOf(architecture, steps).at(-1) ?? steps;
}

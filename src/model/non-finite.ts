import { read } from "../runtime/arena";
import { clipsByNorm } from "../kernels";
import { describe } from "../runtime/errors";
import { recurrentOf, type Architecture } from "./architecture";
import type { Session } from "./session";

/** Where a loss was first seen that is no number. */
export interface NonFiniteLoss {
  /** From 0. */
  epoch: number;
  step: number;
  loss: number;
}

/** Activations whose values have no bound: with them a recurrence may grow from step to step. */
const unbounded: ReadonlySet<string> = new Set([
  ...["linear", "relu", "leakyRelu", "elu", "selu", "softplus", "exponential"],
]);

/**
 * What there is to say of a loss that is no finite number: where, the largest gradient of the step that the GPU did
 * last, how many weights are lost, and what probably led there.
 */
export async function explainNonFinite(
  session: Session,
  { epoch, step, loss }: NonFiniteLoss,
): Promise<string> {
  const { compiled } = session;
  const { device, parameters } = compiled;
  const { flat } = parameters;
  const values = await read(device, [...flat, ...parameters.gradients.flat]);
  const weights = values.slice(0, flat.length);
  const gradient = largest(values.slice(flat.length));
  const lost = weights.reduce((sum, list) => sum + list.filter((value) => !Number.isFinite(value)).length, 0);
  const got =
    `${loss} at epoch ${epoch + 1}, step ${step + 1} (largest gradient now: ${gradient.value.toPrecision(4)} ` +
    `in ${parameters.trainedPlans[gradient.at]?.name ?? "none"}; ${lost} of ${weights.reduce((sum, { length }) => sum + length, 0)} weights are not finite)`;
  return describe("fit", "a finite loss", got, `${cause(session, lost > 0)}; terminateOnNaN() stops here`);
}

/** The largest magnitude, and the number of the list that it stands in; a NaN is larger than any number. */
function largest(lists: readonly Float32Array[]): { value: number; at: number } {
  let found = { value: 0, at: 0 };
  lists.forEach((list, at) => {
    for (const value of list) {
      if (Number.isNaN(value)) return void (found = { value, at });
      if (Math.abs(value) > found.value) found = { value: Math.abs(value), at };
    }
  });
  return found;
}

function cause({ architecture, compiled }: Session, weightsLost: boolean): string {
  const { rule } = compiled.optimizer;
  const clipped = clipsByNorm(rule) || rule.clipvalue > 0;
  const layer = growing(architecture);
  if (!weightsLost && !layer) return "probably a label or sample weight is too large: look at y";
  const growth = layer ? `the states of ${layer} grow without bound` : "the gradients exploded";
  const remedies = [...(clipped ? [] : ["globalClipnorm: 1"]), `learningRate below ${compiled.learningRate}`];
  return `probably ${growth}: give the optimizer ${remedies.join(" or ")}${layer ? ", or the layer tanh" : ""}`;
}

/** The name of a recurrent layer whose states have no bound. */
function growing({ layers }: Architecture): string | undefined {
  return layers.find(({ config }) => {
    const layer = recurrentOf(config);
    return layer !== undefined && unbounded.has(layer.activation);
  })?.name;
}

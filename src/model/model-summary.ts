import { optimizerSlots } from "../kernels";
import type { Architecture } from "./architecture";
import type { Optimizer } from "./optimizers";
import { formatSummary } from "./summary";
import { countOf } from "./weight-values";

/**
 * Keras's table of a model.
 *
 * @param steps of the input: undefined while unknown, which makes the model unbuilt; `null` for any number
 * @param optimizer once the model was trained
 */
export function summarize(
  name: string,
  { layers }: Architecture,
  steps: number | null | undefined,
  optimizer: Optimizer | undefined,
  width: number,
): string {
  const built = steps !== undefined;
  const weights = layers.flatMap((layer) => layer.weights);
  const trainable = countOf(weights.filter((weight) => weight.trainable));
  return formatSummary(
    {
      name,
      layers: layers.map(({ config, name, weights, outputShape }) => ({
        name,
        className: config.className,
        outputShape: built ? outputShape(steps) : undefined,
        parameters: built ? countOf(weights) : undefined,
      })),
      trainable: built ? trainable : 0,
      nonTrainable: built ? countOf(weights) - trainable : 0,
      ...(optimizer ? { optimizer: optimizerVariables(optimizer, trainable) } : {}),
    },
    width,
  );
}

/** Keras counts iterations, a learning rate without a schedule, and Nadam's product among the optimizer's variables. */
function optimizerVariables({ rule, schedule }: Optimizer, trainable: number): number {
  const scalars = 1 + (schedule ? 0 : 1) + (rule.kind === "nadam" ? 1 : 0);
  return optimizerSlots(rule).length * trainable + scalars;
}

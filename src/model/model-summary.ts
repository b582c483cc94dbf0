import { optimizerSlots, type OptimizerRule } from "../kernels/optimizer";
import type { Architecture } from "./architecture";
import { formatSummary } from "./summary";
import { countOf } from "./weight-values";

/**
 * Keras's table of a model.
 *
 * @param steps of the input: undefined while unknown, which makes the model unbuilt; `null` for any number
 * @param rule of the optimizer, once the model was trained
 */
export function summarize(
  name: string,
  { layers }: Architecture,
  steps: number | null | undefined,
  rule: OptimizerRule | undefined,
  width: number,
): string {
  const built = steps !== undefined;
  const parameters = layers.reduce((sum, { weights }) => sum + countOf(weights), 0);
  return formatSummary(
    {
      name,
      layers: layers.map(({ config, name, weights, outputShape }) => ({
        name,
        className: config.className,
        outputShape: built ? outputShape(steps) : undefined,
        parameters: built ? countOf(weights) : undefined,
      })),
      trainable: built ? parameters : 0,
      nonTrainable: 0,
      // Keras counts the number of iterations and the learning rate among the optimizer's variables.
      ...(rule ? { optimizer: optimizerSlots(rule).length * parameters + 2 } : {}),
    },
    width,
  );
}

import { recurrentOf } from "../../model/architecture";
import type { Architecture } from "../../model/architecture";
import type { Layer } from "../../model/layers";
import { invalid } from "../../runtime/errors";
import { maskedOtherwise } from "../keras/masks";

/**
 * Layers of which TF.js would make something else without a word are not written for it: it has GRU in its first
 * form alone, and its own ways with masks.
 *
 * @throws InvalidInputError for the first of them
 */
export function refuseUnknown({ layers }: Architecture): void {
  const configs: Layer[] = layers.map(({ config }) => config);
  const gru = configs.find(isSecondForm);
  const [problem] = [
    ...(gru ? [{ layer: gru, when: "with resetAfter" }] : []),
    ...maskedOtherwise(configs, true),
  ];
  if (problem === undefined) return;
  const { className } = problem.layer;
  const { name } = layers[configs.indexOf(problem.layer)];
  const remedy = "save it as safetensors, keras, h5 or onnx";
  throw invalid("saveModel", "layers that TF.js has", `${className} (${name}) ${problem.when}`, remedy);
}

function isSecondForm(layer: Layer): boolean {
  const recurrent = recurrentOf(layer);
  return recurrent?.className === "GRU" && recurrent.resetAfter;
}

import { recurrentOf } from "../../model/architecture";
import type { Architecture } from "../../model/architecture";
import type { Layer } from "../../model/layers";
import { invalid } from "../../runtime/errors";
import { maskedOtherwiseInTfjs } from "../keras/masks";

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
    ...(gru ? [{ layer: gru, what: "a GRU with resetAfter" }] : []),
    ...maskedOtherwiseInTfjs(configs),
  ];
  if (problem === undefined) return;
  const { name } = layers[configs.indexOf(problem.layer)];
  const remedy = "save it as safetensors, keras, h5 or onnx";
  throw invalid("saveModel", "layers that TF.js has", `${problem.what} (${name})`, remedy);
}

function isSecondForm(layer: Layer): boolean {
  const recurrent = recurrentOf(layer);
  return recurrent?.className === "GRU" && recurrent.resetAfter;
}

import type { StoredInitializer } from "../../model/initializers";
import { invalid } from "../../runtime/errors";
import { activationToTfjs } from "../keras/activations";
import { initializerToKeras } from "../keras/initializers";
import { layerToKeras } from "../keras/layers";
import type { Words } from "../keras/layers/translation";

/** The words of Keras 2, which TF.js reads. */
export const tfjsWords: Words = {
  activation(name) {
    const word = activationToTfjs(name);
    if (word !== undefined) return word;
    const remedy = "save it as safetensors, keras or h5";
    throw invalid("saveModel", "activations that TF.js has", name, remedy);
  },
  initializer: (initializer: StoredInitializer) => {
    const { class_name, config } = initializerToKeras(initializer);
    return { class_name, config };
  },
  layer: (layer, name, changes = {}) => ({
    class_name: layer.className,
    config: { ...layerToKeras({ layer, name, innerName: "" }, tfjsWords), ...changes },
  }),
  bothDirections: false,
};

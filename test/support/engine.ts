import {
  adam,
  adamW,
  binaryCrossentropy,
  dense,
  embedding,
  input,
  rmsprop,
  sequential,
  sgd,
  simpleRNN,
  sparseCategoricalCrossentropy,
  meanSquaredError,
  type Device,
  type Layer,
  type Loss,
  type Optimizer,
  type Sequential,
} from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import type { LayerDescription, LossDescription, OptimizerDescription } from "./layers";

/** The layers that the engine has. */
export const engineLayers = new Set<LayerDescription["type"]>(["embedding", "simpleRNN", "dense"]);

/** The engine's model of a description, compiled on a device. */
export async function engineModel(
  device: Device,
  description: {
    layers: readonly LayerDescription[];
    optimizer: OptimizerDescription;
    loss: LossDescription;
  },
  options: { scan?: ScanShape; steps?: number; metric?: string; seed?: number } = {},
): Promise<Sequential> {
  const layers = description.layers.map(engineLayer);
  const model = sequential(
    options.steps === undefined ? layers : [input({ shape: [options.steps] }), ...layers],
  );
  await model.compile({
    optimizer: engineOptimizer(description.optimizer),
    loss: engineLoss(description.loss),
    metrics: [options.metric ?? "acc"],
    device,
    seed: options.seed ?? 0,
    scan: options.scan,
  });
  return model;
}

function engineLayer(layer: LayerDescription): Layer {
  switch (layer.type) {
    case "embedding":
      return embedding(layer.inputDim, layer.outputDim, { name: layer.name, maskZero: layer.maskZero });
    case "simpleRNN": {
      const { name, useBias, returnSequences, goBackwards } = layer;
      const activation = layer.activation as "tanh";
      return simpleRNN(layer.units, { name, activation, useBias, returnSequences, goBackwards });
    }
    case "dense": {
      const { name, useBias } = layer;
      return dense(layer.units, { name, activation: layer.activation as "sigmoid", useBias });
    }
    default:
      throw new Error(`the engine has no layer ${layer.type} yet`);
  }
}

const optimizers = { rmsprop, sgd, adam, adamw: adamW };

function engineOptimizer(description: OptimizerDescription): Optimizer {
  const options = Object.fromEntries(Object.entries(description).filter(([key]) => key !== "type"));
  return optimizers[description.type](options);
}

function engineLoss({ name, fromLogits }: LossDescription): Loss {
  switch (name) {
    case "binaryCrossentropy":
      return binaryCrossentropy({ fromLogits });
    case "sparseCategoricalCrossentropy":
      return sparseCategoricalCrossentropy({ fromLogits });
    case "meanSquaredError":
      return meanSquaredError();
  }
}

import {
  adam,
  adamW,
  bidirectional,
  binaryCrossentropy,
  categoricalCrossentropy,
  conv1d,
  dense,
  dropout,
  embedding,
  flatten,
  globalAveragePooling1d,
  globalMaxPooling1d,
  gru,
  input,
  lstm,
  masking,
  maxPooling1d,
  meanAbsoluteError,
  meanSquaredError,
  nadam,
  rmsprop,
  sequential,
  sgd,
  simpleRNN,
  sparseCategoricalCrossentropy,
  spatialDropout1d,
  timeDistributed,
  type Device,
  type Layer,
  type Loss,
  type Optimizer,
  type Sequential,
} from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import type { RecurrentLayer } from "../../src/model/layers";
import type { LayerDescription, LossDescription, OptimizerDescription, RecurrentDescription } from "./layers";

/** The layers that the engine has. */
export const engineLayers = new Set<LayerDescription["type"]>([
  "embedding",
  "simpleRNN",
  "lstm",
  "gru",
  "bidirectional",
  "dense",
  "masking",
  "conv1d",
  "maxPooling1d",
  "globalAveragePooling1d",
  "globalMaxPooling1d",
  "flatten",
]);

/** The engine's model of a description, compiled on a device. */
export async function engineModel(
  device: Device,
  description: {
    layers: readonly LayerDescription[];
    optimizer: OptimizerDescription;
    loss: LossDescription;
  },
  options: { scan?: ScanShape; chunkSteps?: number; steps?: number; metric?: string; seed?: number } = {},
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
    chunkSteps: options.chunkSteps,
  });
  return model;
}

/** The library's layer of a description. */
export function engineLayer(layer: LayerDescription): Layer {
  switch (layer.type) {
    case "embedding":
      return embedding(layer.inputDim, layer.outputDim, optionsOf(layer));
    case "simpleRNN":
    case "lstm":
    case "gru":
      return engineRecurrent(layer);
    case "bidirectional": {
      const { name, mergeMode } = layer;
      return bidirectional(engineRecurrent(layer.layer), { name, mergeMode });
    }
    case "dense":
      return dense(layer.units, optionsOf(layer));
    case "timeDistributed":
      return timeDistributed(dense(layer.layer.units, optionsOf(layer.layer)), { name: layer.name });
    case "masking":
      return masking({ name: layer.name, maskValue: layer.maskValue });
    case "dropout":
      return dropout(layer.rate, { name: layer.name });
    case "spatialDropout1d":
      return spatialDropout1d(layer.rate, { name: layer.name });
    case "conv1d":
      return conv1d(layer.filters, layer.kernelSize, optionsOf(layer));
    case "maxPooling1d":
      return maxPooling1d(layer.poolSize, optionsOf(layer));
    case "globalAveragePooling1d":
      return globalAveragePooling1d({ name: layer.name });
    case "globalMaxPooling1d":
      return globalMaxPooling1d({ name: layer.name });
    case "flatten":
      return flatten({ name: layer.name });
  }
}

function engineRecurrent(layer: RecurrentDescription): RecurrentLayer {
  const makers = { simpleRNN, lstm, gru };
  return makers[layer.type](layer.units, optionsOf(layer));
}

/** What a layer's function takes as its required arguments, and what is no option. */
const required = new Set([
  "type",
  "inputDim",
  "outputDim",
  "units",
  "filters",
  "kernelSize",
  "poolSize",
  "rate",
]);

/** A description's options, which bear the names of the library's. */
function optionsOf(description: object): object {
  return Object.fromEntries(Object.entries(description).filter(([key]) => !required.has(key)));
}

const optimizers = { rmsprop, sgd, adam, adamw: adamW, nadam };

function engineOptimizer(description: OptimizerDescription): Optimizer {
  return optimizers[description.type](optionsOf(description));
}

function engineLoss({ name, fromLogits }: LossDescription): Loss {
  switch (name) {
    case "binaryCrossentropy":
      return binaryCrossentropy({ fromLogits });
    case "sparseCategoricalCrossentropy":
      return sparseCategoricalCrossentropy({ fromLogits });
    case "categoricalCrossentropy":
      return categoricalCrossentropy({ fromLogits });
    case "meanAbsoluteError":
      return meanAbsoluteError();
    case "meanSquaredError":
      return meanSquaredError();
  }
}

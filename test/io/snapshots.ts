import { adam, binaryCrossentropy } from "../../src/index";
import type { TrainingSnapshot } from "../../src/index";
import { untrained } from "./models";

/** A snapshot in the middle of an epoch, with every kind of value that one can hold, made without a device. */
export async function madeUpSnapshot(name = "stacked"): Promise<TrainingSnapshot> {
  const model = untrained(name);
  const weights = await model.getWeights();
  const squared = weights.map((weight) => ({ ...weight, data: weight.data.map((value) => value * value) }));
  return {
    config: model.getConfig(),
    compile: { optimizer: adam(), loss: binaryCrossentropy(), metrics: ["acc"] },
    weights,
    optimizer: { iterations: 7, learningRate: 0.001 / 3, slots: { momentum: squared, velocity: squared } },
    settings: {
      trainingRows: 100,
      validationRows: 20,
      rowSteps: 9,
      batchSize: 25,
      shuffle: true,
      seed: 4,
      x: "01234567",
      y: "89abcdef",
      weights: "none",
    },
    position: {
      epoch: 1,
      step: 3,
      sums: { loss: 0.1 + 0.2, samples: 75, right: 40, answers: 75 },
      stopped: false,
      generators: { order: [1, 2, 3, 0xffffffff], dropout: 77 },
    },
    history: { epoch: [0], history: { loss: [0.1 + 0.7], acc: [NaN], val_loss: [Infinity] } },
    callbacks: [
      { callback: "earlyStopping", wait: 0, best: -Infinity, bestEpoch: -0, bestWeights: weights },
      { counts: Uint32Array.of(1, 2), exact: Float64Array.of(1 / 3), none: null, empty: [] },
    ],
    carried: [Float32Array.of(1, NaN, -0)],
    machine: { adapter: "an adapter", scan: "narrow" },
  };
}

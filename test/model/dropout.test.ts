import { describe, expect } from "vitest";
import { sequential, sgd, type Device, type NamedWeight, type Sequential } from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { requestNodeDevice } from "../../src/node/index";
import { keptFactor, stepSeed } from "../reference/kept";
import { ReferenceModel, type Batch } from "../reference/model";
import type { DropPlan } from "../reference/layers";
import { useDevice } from "../runtime/use-device";
import { assertClose, assertEqual } from "../support/assert";
import { engineLayer } from "../support/engine";
import type { LayerDescription } from "../support/layers";
import { randomIntegers, randomTokens, randomValues } from "../support/random";
import { tolerances } from "../support/tolerances";
import { both, head, recurrent, sequences, table } from "./recurrent-nets";
import { findTheSeven } from "./training";

const gpuTest = useDevice();

const { x, y } = findTheSeven(1);
const some = { data: x.data.slice(0, 40 * x.shape[1]), shape: [40, x.shape[1]] };
const labels = y.slice(0, 40);
const [rows, steps, width] = [7, 5, 4];

/** Everything that drops, one after another; `rate` scales how much. */
const layersOf = (rate: number): readonly LayerDescription[] => [
  table(20, width),
  { type: "spatialDropout1d", name: "spatial", rate: 0.5 * rate },
  recurrent("lstm", 5, { ...sequences, dropout: 0.6 * rate, recurrentDropout: 0.4 * rate }),
  { type: "dropout", name: "between", rate: 0.4 * rate },
  both(recurrent("gru", 3, { ...sequences, dropout: 0.3 * rate, recurrentDropout: 0.5 * rate }), "sum"),
  recurrent("simpleRNN", 6, { recurrentDropout: 0.5 * rate }),
  { type: "dropout", name: "last", rate: 0.5 * rate },
  head,
];

async function compiled(
  device: Device,
  layers: readonly LayerDescription[],
  options: { scan: ScanShape; seed?: number; learningRate?: number },
): Promise<Sequential> {
  const { scan, seed = 3, learningRate = 0.1 } = options;
  const model = sequential(layers.map(engineLayer));
  await model.compile({ optimizer: sgd({ learningRate }), loss: "binaryCrossentropy", device, seed, scan });
  return model;
}

const randomWeights = (weights: readonly NamedWeight[]): Float32Array[] =>
  weights.map(({ data, shape }, i) => randomValues(data.length, i + 1, Math.min(1, 2 / shape[0])));

/**
 * The factors that the engine draws in the first step of training: layers that drop take a stream each, in
 * their order (a recurrent layer one for its input, if it drops of it, and one for its state).
 */
function dropPlan(seed: number): DropPlan {
  const factors = (count: number, columns: number, rate: number, stream: number, rowOf = (i: number) => i) =>
    Float64Array.from({ length: count * columns }, (_, at) =>
      keptFactor(rate, { seed, stream }, rowOf(Math.floor(at / columns)), at % columns),
    );
  // A sample of T steps takes T + 1 rows of states.
  const stateRow = (i: number): number => i + Math.floor(i / steps) + 1;
  return {
    spatial: { input: factors(rows, width, 0.5, 1) },
    lstm_5: { input: factors(rows, width, 0.6, 2), recurrent: factors(rows, 5, 0.4, 3) },
    between: { input: factors(rows * steps, 5, 0.4, 4, stateRow) },
    "both_gru_3/forward": { input: factors(rows, 5, 0.3, 5), recurrent: factors(rows, 3, 0.5, 6) },
    "both_gru_3/backward": { input: factors(rows, 5, 0.3, 7), recurrent: factors(rows, 3, 0.5, 8) },
    simplernn_6: { recurrent: factors(rows, 6, 0.5, 9) },
    last: { input: factors(rows, 6, 0.5, 10) },
  };
}

/** Loss and gradients of the first step of training, the engine's and the twin's. */
async function compareGradients(
  device: Device,
  layers: readonly LayerDescription[],
  drop: DropPlan,
  options: { scan: ScanShape; seed: number },
): Promise<void> {
  const model = await compiled(device, layers, { ...options, learningRate: 0 });
  const weights = randomWeights(await model.getWeights());
  await model.setWeights(weights);
  const tokens = randomTokens({ batch: rows, steps, vocabulary: 20 }, 21, "none");
  const batch: Batch = { tokens, rows, labels: randomIntegers(rows, 22, 0, 2), drop };
  const twin = new ReferenceModel(layers, weights, {
    optimizer: { type: "sgd", learningRate: 0, momentum: 0, nesterov: false },
    loss: { name: "binaryCrossentropy", fromLogits: false },
  });
  const expected = twin.lossAndGradients(batch);
  const { loss } = await model.trainOnBatch({ data: tokens, shape: [rows, steps] }, batch.labels);
  assertClose([loss], [expected.loss], tolerances.randomNets, "loss");
  (await model.getGradients()).forEach(({ name, data }, i) => {
    assertClose(data, expected.gradients[i], tolerances.randomNets, `gradient of ${name}`);
  });
  model.dispose();
}

for (const scan of ["narrow", "wide"] as const) {
  describe(`dropout, ${scan}`, () => {
    gpuTest("fit draws the same numbers for the same seed, others for another", async (device) => {
      const train = async (seed: number, rate: number): Promise<number[]> => {
        const model = await compiled(device, layersOf(rate), { scan, seed });
        await model.setWeights(randomWeights(await model.getWeights()));
        const options = { epochs: 2, batchSize: 9, shuffle: false };
        const { history } = await model.fit(some, labels, options);
        model.dispose();
        return history.loss;
      };
      const first = await train(3, 1);
      assertEqual(await train(3, 1), first, "losses of the same seed");
      expect(await train(4, 1)).not.toEqual(first);
      // Nothing else here depends on the seed.
      assertEqual(await train(4, 0), await train(3, 0), "losses without dropout");
    });

    gpuTest("evaluate and predict drop nothing, before and after training", async (device) => {
      const model = await compiled(device, layersOf(1), { scan, learningRate: 0 });
      const plain = await compiled(device, layersOf(0), { scan });
      const weights = randomWeights(await model.getWeights());
      for (const one of [model, plain]) await one.setWeights(weights);
      const expected = (await plain.predict(some)).data;
      const { loss } = await plain.evaluate(some, labels);
      const check = async (when: string): Promise<void> => {
        assertClose((await model.predict(some)).data, expected, tolerances.randomNets, `predict ${when}`);
        const evaluated = await model.evaluate(some, labels);
        assertClose([evaluated.loss], [loss], tolerances.randomNets, `evaluate ${when}`);
      };
      await check("before training");
      const trained = await model.fit(some, labels, { epochs: 2, batchSize: 40 });
      for (const one of trained.history.loss) expect(Math.abs(one - loss)).toBeGreaterThan(1e-3);
      await check("after training");
      model.dispose();
      plain.dispose();
    });

    gpuTest("loss and gradients are the twin's under the same factors", async (device) => {
      const seed = 11;
      await compareGradients(device, layersOf(1), dropPlan(stepSeed(seed, 1)), { scan, seed });
    });

    gpuTest("recurrent dropout of a layer that takes tokens from their end", async (device) => {
      const seed = 11;
      const [units, rate] = [5, 0.4];
      const options = { recurrentDropout: rate, goBackwards: true };
      const layers = [table(20, width), recurrent("gru", units, options), head];
      const kept = Float64Array.from({ length: rows * units }, (_, at) =>
        keptFactor(rate, { seed: stepSeed(seed, 1), stream: 1 }, Math.floor(at / units), at % units),
      );
      await compareGradients(device, layers, { gru_5: { recurrent: kept } }, { scan, seed });
    });

    gpuTest(
      "recurrent dropout right behind the embedding runs within the limits of every adapter",
      async () => {
        const device = await requestNodeDevice({ minimum: true });
        for (const type of ["simpleRNN", "lstm", "gru"] as const) {
          const layer = recurrent(type, 5, { recurrentDropout: 0.3 });
          const model = await compiled(device, [table(20, width, true), layer, head], { scan });
          const { history } = await model.fit(some, labels, { batchSize: 16 });
          expect(history.loss[0]).toBeGreaterThan(0);
          model.dispose();
        }
        device.destroy();
      },
    );
  });
}

import { describe, expect } from "vitest";
import type { Device, Sequential } from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { ReferenceModel } from "../reference/model";
import { useDevice } from "../runtime/use-device";
import { assertClose, assertEqual } from "../support/assert";
import { engineModel } from "../support/engine";
import type { LayerDescription } from "../support/layers";
import { randomIntegers, randomTokens, randomValues } from "../support/random";
import { tolerances } from "../support/tolerances";
import { both, head, recurrent, sequences, table } from "./recurrent-nets";

const gpuTest = useDevice();

const optimizer = { type: "sgd", learningRate: 0.1, momentum: 0, nesterov: false } as const;
const loss = { name: "binaryCrossentropy", fromLogits: false } as const;
const [rows, steps, vocabulary] = [5, 4, 11];
const stateful = { stateful: true } as const;

const nets: Record<string, readonly LayerDescription[]> = {
  simpleRNN: [table(vocabulary, 3), recurrent("simpleRNN", 5, stateful), head],
  "lstm, stacked on a gru": [
    table(vocabulary, 3),
    recurrent("gru", 4, { ...stateful, ...sequences }),
    recurrent("lstm", 5, stateful),
    head,
  ],
  "gru that resets before the product, masked": [
    table(vocabulary, 3, true),
    recurrent("gru", 4, { ...stateful, resetAfter: false }),
    head,
  ],
  "one of two layers": [
    table(vocabulary, 3),
    recurrent("lstm", 4, sequences),
    recurrent("gru", 5, stateful),
    head,
  ],
  "bidirectional lstm": [table(vocabulary, 3), both(recurrent("lstm", 4, stateful)), head],
};

const batchOf = (seed: number) => ({
  tokens: randomTokens({ batch: rows, steps, vocabulary }, seed, "mixed"),
  labels: randomIntegers(rows, seed + 1, 0, 2),
  rows,
});

interface Pair {
  readonly model: Sequential;
  readonly twin: ReferenceModel;
}

async function pairOf(device: Device, layers: readonly LayerDescription[], scan: ScanShape): Promise<Pair> {
  const model = await engineModel(device, { layers, optimizer, loss }, { scan });
  const weights = (await model.getWeights()).map(({ data, shape }, i) =>
    randomValues(data.length, i + 1, Math.min(1, 2 / shape[0])),
  );
  await model.setWeights(weights);
  return { model, twin: new ReferenceModel(layers, weights, { optimizer, loss }) };
}

type Call = "train" | "predict" | "evaluate" | "reset";

/** Makes the same calls of both and compares what they give; each takes a batch of its own. */
async function compareCalls({ model, twin }: Pair, calls: readonly Call[]): Promise<void> {
  for (const [i, call] of calls.entries()) {
    const batch = batchOf(10 * i + 1);
    const x = { data: batch.tokens, shape: [rows, steps] };
    const where = `${call}, call ${i}`;
    switch (call) {
      case "reset":
        model.resetStates();
        twin.resetStates();
        break;
      case "predict": {
        const { data } = await model.predict(x);
        assertClose(data, twin.predict(batch.tokens, rows), tolerances.randomNets, where);
        break;
      }
      case "evaluate": {
        const figures = await model.evaluate(x, batch.labels);
        assertClose([figures.loss], [twin.evaluate(batch).loss], tolerances.randomNets, where);
        break;
      }
      case "train": {
        const figures = await model.trainOnBatch(x, batch.labels);
        assertClose([figures.loss], [twin.trainOnBatch(batch).loss], tolerances.randomNets, where);
      }
    }
  }
}

for (const scan of ["narrow", "wide"] as const) {
  describe(`stateful layers, ${scan}`, () => {
    for (const [name, layers] of Object.entries(nets)) {
      gpuTest(`${name}: states go on from batch to batch, and begin anew`, async (device) => {
        const pair = await pairOf(device, layers, scan);
        const { model } = pair;
        await compareCalls(pair, [
          "train",
          "train",
          "predict",
          "evaluate",
          "train",
          "reset",
          "train",
          "predict",
        ]);
        const batch = batchOf(99);
        const x = { data: batch.tokens, shape: [rows, steps] };
        model.resetStates();
        const first = (await model.predict(x)).data;
        expect((await model.predict(x)).data).not.toEqual(first);
        model.resetStates();
        assertEqual((await model.predict(x)).data, first, "after resetStates");
        model.dispose();
      });
    }

    gpuTest("fit goes on from batch to batch, and from epoch to epoch", async (device) => {
      const { model, twin } = await pairOf(device, nets["lstm, stacked on a gru"], scan);
      const batches = [1, 2, 3].map(batchOf);
      const data = Int32Array.from(batches.flatMap(({ tokens }) => [...tokens]));
      const labels = batches.flatMap((batch) => [...batch.labels]);
      const options = { batchSize: rows, epochs: 2, shuffle: false };
      const { history } = await model.fit({ data, shape: [3 * rows, steps] }, labels, options);
      const losses = history.loss.map(() => {
        const means = batches.map((batch) => twin.trainOnBatch(batch).loss);
        return means.reduce((a, b) => a + b) / means.length;
      });
      assertClose(history.loss, losses, tolerances.randomNets, "losses");
      (await model.getWeights()).forEach(({ name, data: values }, i) => {
        assertClose(values, twin.weights[i], tolerances.randomNets, name);
      });
      model.dispose();
    });

    gpuTest("states outlive the change from prediction to training", async (device) => {
      const pair = await pairOf(device, nets["lstm, stacked on a gru"], scan);
      await compareCalls(pair, ["predict", "predict", "train", "train"]);
      pair.model.dispose();
    });
  });
}

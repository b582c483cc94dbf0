import { describe, expect } from "vitest";
import { sequential, sgd, type Device, type Sequential } from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { useDevice } from "../runtime/use-device";
import { countDispatches } from "../runtime/validation";
import { assertClose, assertEqual } from "../support/assert";
import { engineLayer } from "../support/engine";
import type { LayerDescription } from "../support/layers";
import { tolerances } from "../support/tolerances";
import { both, head, recurrent, sequences, table } from "./recurrent-nets";
import { findTheSeven } from "./training";

const gpuTest = useDevice();

const { x, y } = findTheSeven(1);

/** Sixty-four of the rows: left-padded, so that some share a prefix that is longer than others. */
const some = { data: x.data.slice(0, 64 * x.shape[1]), shape: [64, x.shape[1]] };
const labels = y.slice(0, 64);

async function compiled(
  device: Device,
  layers: readonly LayerDescription[],
  options: { scan: ScanShape; chunkSteps?: number },
): Promise<Sequential> {
  const model = sequential(layers.map(engineLayer));
  const fixed = { optimizer: sgd({ learningRate: 0.1 }), loss: "binaryCrossentropy", seed: 5 };
  await model.compile({ ...fixed, device, ...options });
  return model;
}

interface Trained {
  readonly loss: number[];
  readonly weights: Float32Array[];
  readonly predictions: Float32Array;
}

async function train(
  device: Device,
  layers: readonly LayerDescription[],
  options: { scan: ScanShape; chunkSteps?: number },
): Promise<Trained> {
  const model = await compiled(device, layers, options);
  try {
    const { history } = await model.fit(some, labels, { epochs: 2, batchSize: 13 });
    const weights = (await model.getWeights()).map(({ data }) => data);
    return { loss: history.loss, weights, predictions: (await model.predict(some)).data };
  } finally {
    model.dispose();
  }
}

const nets: Record<string, readonly LayerDescription[]> = {
  simpleRNN: [table(20, 4), recurrent("simpleRNN", 5), head],
  "simpleRNN with recurrent dropout": [
    table(20, 4),
    recurrent("simpleRNN", 5, { recurrentDropout: 0.2 }),
    head,
  ],
  lstm: [table(20, 4), recurrent("lstm", 5), head],
  "gru, masked": [table(20, 4, true), recurrent("gru", 5), head],
  "gru, stacked": [
    table(20, 4),
    recurrent("gru", 5, sequences),
    recurrent("gru", 3, { resetAfter: false }),
    head,
  ],
  bidirectional: [table(20, 4), both(recurrent("lstm", 5, sequences)), both(recurrent("simpleRNN", 3)), head],
};

for (const scan of ["narrow", "wide"] as const) {
  describe(`a time loop in chunks, ${scan}`, () => {
    for (const [name, layers] of Object.entries(nets)) {
      // The narrow scan of a plain cell sums up its kernel's gradient on the way: another order of the same sums.
      const sums = scan === "narrow" && (name === "simpleRNN" || name === "bidirectional");
      gpuTest(`${name}: the ${sums ? "same to rounding" : "same bits"} as in one piece`, async (device) => {
        const whole = await train(device, layers, { scan });
        const cut = await train(device, layers, { scan, chunkSteps: 3 });
        if (!sums) {
          assertEqual(cut, whole, "losses, weights and predictions");
          return;
        }
        assertClose(cut.loss, whole.loss, tolerances.goldenGradients, "losses");
        cut.weights.forEach((data, i) => {
          assertClose(data, whole.weights[i], tolerances.goldenGradients, `weights ${i}`);
        });
        assertClose(cut.predictions, whole.predictions, tolerances.goldenGradients, "predictions");
      });
    }

    gpuTest("a training step takes as many dispatches whatever the number of steps", async (device) => {
      const counts: number[][] = [];
      for (const [type, chunkSteps] of [["simpleRNN"], ["lstm"], ["gru"], ["gru", 10]] as const) {
        const counted: number[] = [];
        for (const steps of [2, 9, 60]) {
          const model = await compiled(device, [table(20, 4), recurrent(type, 5), head], {
            scan,
            chunkSteps,
          });
          const tokens = { data: new Int32Array(3 * steps).map((_, i) => 1 + (i % 19)), shape: [3, steps] };
          await model.trainOnBatch(tokens, [0, 1, 1]);
          counted.push(await countDispatches(device, () => model.trainOnBatch(tokens, [0, 1, 1])));
          model.dispose();
        }
        counts.push(counted);
      }
      for (const [short, middle, long] of counts.slice(0, 3)) {
        expect([middle, long]).toEqual([short, short]);
        // The seed job's step takes eleven.
        expect(short).toBeGreaterThan(5);
        expect(short).toBeLessThan(20);
      }
      // Sixty steps in tens are six dispatches forward and six backward, not sixty.
      const [one, , six] = counts[3];
      expect(six - one).toBeGreaterThanOrEqual(10);
      expect(six - one).toBeLessThanOrEqual(20);
    });
  });
}

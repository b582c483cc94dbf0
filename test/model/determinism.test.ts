import { describe, expect } from "vitest";
import { adam, dense, embedding, sequential, simpleRNN, type Device, type Sequential } from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { useDevice } from "../runtime/use-device";
import { assertEqual } from "../support/assert";
import { findTheSeven } from "./training";

const gpuTest = useDevice();

const { x, y } = findTheSeven(1);
const shapes: ScanShape[] = ["narrow", "wide"];
const loss = "binaryCrossentropy";

async function compiled(device: Device, scan: ScanShape, seed: number): Promise<Sequential> {
  const model = sequential([
    embedding(20, 5),
    simpleRNN(7, { returnSequences: true }),
    simpleRNN(5),
    dense(1, { activation: "sigmoid" }),
  ]);
  await model.compile({
    optimizer: adam({ learningRate: 0.01 }),
    loss,
    metrics: ["acc"],
    device,
    seed,
    scan,
  });
  return model;
}

async function train(device: Device, scan: ScanShape, seed: number) {
  const model = await compiled(device, scan, seed);
  const options = { epochs: 2, batchSize: 17, validationSplit: 0.2 };
  const { history } = await model.fit(x, y, options);
  const weights = await model.getWeights();
  const { data } = await model.predict(x);
  model.dispose();
  return { history, weights, data };
}

for (const scan of shapes) {
  describe(`determinism, ${scan}`, () => {
    gpuTest("one seed, the same bits; another seed, others", async (device) => {
      const first = await train(device, scan, 4);
      assertEqual(await train(device, scan, 4), first, "second run");
      const other = await train(device, scan, 5);
      expect(other.history.loss).not.toEqual(first.history.loss);
      expect(other.weights[0].data).not.toEqual(first.weights[0].data);
    });

    gpuTest("trainOnBatch takes the step that fit takes", async (device) => {
      const rows = x.shape[0];
      const [a, b] = [await compiled(device, scan, 4), await compiled(device, scan, 4)];
      const half = rows / 2;
      const losses: number[] = [];
      for (const from of [0, half]) {
        const tokens = x.data.slice(from * x.shape[1], (from + half) * x.shape[1]);
        const batch = { data: tokens, shape: [half, x.shape[1]] };
        losses.push((await a.trainOnBatch(batch, y.slice(from, from + half))).loss);
      }
      const { history } = await b.fit(x, y, { batchSize: half, shuffle: false });
      assertEqual(await a.getWeights(), await b.getWeights(), "weights");
      expect(history.loss[0]).toBeCloseTo((losses[0] + losses[1]) / 2, 12);
      a.dispose();
      b.dispose();
    });

    gpuTest("evaluate and predict change nothing, whatever the batch", async (device) => {
      const model = await compiled(device, scan, 4);
      const before = await model.getWeights();
      const [whole, pieces] = [await model.predict(x), await model.predict(x, { batchSize: 5 })];
      assertEqual(pieces, whole, "predict in batches of 5");
      const evaluated = await model.evaluate(x, y);
      const again = await model.evaluate(x, y, { batchSize: 64 });
      expect(again.acc).toBe(evaluated.acc);
      expect(again.loss).toBeCloseTo(evaluated.loss, 6);
      assertEqual(await model.getWeights(), before, "weights");
      model.dispose();
    });
  });
}

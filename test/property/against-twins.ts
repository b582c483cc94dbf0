import fc from "fast-check";
import { sequential, sgd, type Device, type Sequential } from "../../src/index";
import { ReferenceModel } from "../reference/model";
import type { Batch } from "../reference/model";
import { withValidation } from "../runtime/validation";
import { assertClose, distance } from "../support/assert";
import { engineLayer } from "../support/engine";
import { randomIntegers, randomTokens, randomValues } from "../support/random";
import { tolerances } from "../support/tolerances";
import { data, nets, type Data, type Net } from "./nets";

/** Gradients are compared, and no step: what an optimizer makes of them has tests of its own. */
const optimizer = { type: "sgd", learningRate: 0, momentum: 0, nesterov: false } as const;

/** What has been compared. */
export interface Compared {
  nets: number;
  batches: number;
  /** Of all errors the largest, as a part of the largest value of its tensor (or of 1, where that is smaller). */
  largestError: number;
}

/**
 * Compares random nets on random batches with their float64 twins: predictions, loss, and all gradients.
 *
 * @param runs nets, of which each is compiled once
 * @param batches for each of them, of different shapes and paddings
 */
export async function compareWithTwins(device: Device, runs: number, batches: number): Promise<Compared> {
  const compared: Compared = { nets: 0, batches: 0, largestError: 0 };
  const some = fc.array(data, { minLength: batches, maxLength: batches });
  const property = fc.asyncProperty(nets, some, async (net, list) => {
    const model = await compiled(device, net);
    try {
      for (const one of list) {
        const error = await withValidation(device, () => compare(model, net, one));
        compared.largestError = Math.max(compared.largestError, error);
        compared.batches++;
      }
      compared.nets++;
    } finally {
      model.dispose();
    }
  });
  // Nets are small as they are; to shrink one would compile dozens.
  await fc.assert(property, { numRuns: runs, seed: Number(process.env.FUZZ_SEED ?? 1), endOnFailure: true });
  return compared;
}

async function compiled(device: Device, { layers, loss, scan, chunkSteps }: Net): Promise<Sequential> {
  const model = sequential(layers.map(engineLayer));
  const options = { optimizer: sgd({ learningRate: 0 }), loss: loss.name, seed: 0 };
  await model.compile({ ...options, device, scan, chunkSteps });
  return model;
}

/** @returns the largest error */
async function compare(model: Sequential, net: Net, data: Data): Promise<number> {
  const { rows, steps, batchSize, seed, scale } = data;
  const plans = await model.getWeights();
  const weights = plans.map(({ data: { length } }, i) => randomValues(length, seed + i, scale));
  await model.setWeights(weights);
  const batch = batchFor(net, data);
  const x = { data: Int32Array.from(batch.tokens), shape: [rows, steps] };
  const twin = new ReferenceModel(net.layers, weights, { optimizer, loss: net.loss });
  const predicted = await model.predict(x, { batchSize });
  const { loss } = await model.trainOnBatch(x, batch.labels);
  const gradients = await model.getGradients();
  const expected = twin.lossAndGradients(batch);
  const pairs: [label: string, actual: ArrayLike<number>, expected: ArrayLike<number>][] = [
    ["prediction", predicted.data, twin.predict(batch.tokens, rows)],
    ["loss", [loss], [expected.loss]],
    ...gradients.map(({ name, data: gradient }, i) => [name, gradient, expected.gradients[i]] as never),
  ];
  return Math.max(...pairs.map(([label, actual, wanted]) => errorOf(label, actual, wanted)));
}

function errorOf(label: string, actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assertClose(actual, expected, tolerances.randomNets, label);
  const { maxError, largestExpected } = distance(actual, expected);
  return maxError / Math.max(1, largestExpected);
}

function batchFor({ layers, loss }: Net, { rows, steps, padding, seed }: Data): Batch {
  const [embedding] = layers;
  const vocabulary = embedding.type === "embedding" ? embedding.inputDim : 0;
  const tokens = randomTokens({ batch: rows, steps, vocabulary }, seed, padding);
  const last = layers.at(-2);
  const inner = last?.type === "bidirectional" ? last.layer : last;
  const count = inner && "returnSequences" in inner && inner.returnSequences ? rows * steps : rows;
  const labels =
    loss.name === "meanSquaredError"
      ? randomValues(count, seed ^ 77)
      : randomIntegers(count, seed ^ 77, 0, loss.name === "binaryCrossentropy" ? 2 : 4);
  return { tokens, rows, labels: Array.from(labels) };
}

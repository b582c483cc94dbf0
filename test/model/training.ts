/** A short training that is the same program in Node and in every browser. */
import { adam, dense, embedding, sequential, simpleRNN, type Device } from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { randomIntegers } from "../support/random";

export interface ShortTraining {
  readonly loss: number[];
  readonly acc: number[];
  readonly val_loss: number[];
  readonly val_acc: number[];
  readonly test: { loss: number; acc: number };
}

const [rows, steps, vocabulary] = [192, 12, 20];

/** Rows of tokens, left-padded by different lengths, and whether token 7 stands in them. */
export function findTheSeven(seed: number): { x: { data: Int32Array; shape: number[] }; y: number[] } {
  const data = randomIntegers(rows * steps, seed, 8, vocabulary);
  const pick = randomIntegers(3 * rows, seed + 1, 0, 1 << 16);
  const y = Array.from({ length: rows }, (_, row) => {
    const padding = pick[3 * row] % (steps - 2);
    data.fill(0, row * steps, row * steps + padding);
    const label = pick[3 * row + 1] % 2;
    if (label === 1) data[row * steps + padding + (pick[3 * row + 2] % (steps - padding))] = 7;
    return label;
  });
  return { x: { data, shape: [rows, steps] }, y };
}

/** Learns to tell whether a token occurs: two epochs, shuffled, with validation, and an evaluation. */
export async function shortTraining(
  device: Device,
  scan: ScanShape | undefined,
  { epochs = 2, seed = 3 }: { epochs?: number; seed?: number } = {},
): Promise<ShortTraining> {
  const model = sequential([embedding(vocabulary, 6), simpleRNN(9), dense(1, { activation: "sigmoid" })]);
  try {
    const optimizer = adam({ learningRate: 0.02 });
    await model.compile({ optimizer, loss: "binaryCrossentropy", metrics: ["acc"], device, seed, scan });
    const train = findTheSeven(1);
    const test = findTheSeven(5);
    const options = { epochs, batchSize: 25, validationSplit: 0.2 };
    const { history } = await model.fit(train.x, train.y, options);
    const { loss, acc } = await model.evaluate(test.x, test.y, { batchSize: 50 });
    const { val_loss, val_acc } = history;
    return { loss: history.loss, acc: history.acc, val_loss, val_acc, test: { loss, acc } };
  } finally {
    model.dispose();
  }
}

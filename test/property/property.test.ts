import { expect, vi } from "vitest";
import { dense, embedding, sequential, simpleRNN } from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { assertClose } from "../support/assert";
import { randomTokens } from "../support/random";
import { tolerances } from "../support/tolerances";
import { compareWithTwins } from "./against-twins";

// Each net is compiled anew, which on a busy machine takes seconds.
vi.setConfig({ testTimeout: 240_000 });
const gpuTest = useDevice();

gpuTest("random nets on random batches equal their float64 twins", async (device) => {
  expect(await compareWithTwins(device, 6, 8)).toMatchObject({ nets: 6, batches: 48 });
});

/** What an earlier call left behind the rows was taken for more of them. */
gpuTest("predictions of sequences do not depend on the batch size, or on earlier ones", async (device) => {
  const [rows, steps, vocabulary] = [11, 2, 9];
  const model = sequential([embedding(vocabulary, 3), simpleRNN(4, { returnSequences: true }), dense(2)]);
  await model.compile({ loss: "meanSquaredError", device, seed: 1 });
  const tokens = Int32Array.from(randomTokens({ batch: rows, steps, vocabulary }, 1));
  const { data } = await model.predict({ data: tokens, shape: [rows, steps] }, { batchSize: 1 });
  for (const [count, batchSize] of [
    [rows, 4],
    [rows, 8],
    [rows, 32],
    [3, 32],
  ]) {
    const x = { data: tokens.slice(0, count * steps), shape: [count, steps] };
    const expected = data.subarray(0, count * steps * 2);
    const prediction = await model.predict(x, { batchSize });
    assertClose(prediction.data, expected, tolerances.randomNets, `${count} rows by ${batchSize}`);
  }
  model.dispose();
});

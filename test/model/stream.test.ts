import { beforeAll, describe, expect, test } from "vitest";
import {
  dense,
  embedding,
  gru,
  lstm,
  sequential,
  simpleRNN,
  bidirectional,
  type Device,
} from "../../src/index";
import { getSharedDevice } from "../support/adapter";
import { assertClose } from "../support/assert";

let device: Device | undefined;
beforeAll(async () => {
  device = await getSharedDevice();
});

const tokens = [3, 1, 4, 1, 5, 0, 2, 6];
const close = { absolute: 2e-6, relative: 0 };

describe("stream", () => {
  for (const scan of ["narrow", "wide"] as const) {
    for (const [name, cell] of [
      ["simpleRNN", simpleRNN],
      ["lstm", lstm],
      ["gru", gru],
    ] as const) {
      test(`${name}, ${scan}: the same outputs token by token as at once`, async ({ skip }) => {
        if (!device) return skip("no WebGPU adapter");
        const model = sequential([
          embedding(7, 3),
          cell(5, { returnSequences: true }),
          cell(4, { returnSequences: true }),
          dense(2),
        ]);
        await model.compile({ loss: "meanSquaredError", device, seed: 1, scan });
        const { data } = await model.predict([tokens]);
        const stream = await model.stream();
        for (let round = 0; round < 2; round++) {
          for (const [t, token] of tokens.entries()) {
            const { output, states } = await stream.next(token);
            assertClose(output, data.subarray(2 * t, 2 * t + 2), close, `step ${t}`);
            expect(states.map(({ length }) => length)).toEqual(name === "lstm" ? [10, 8] : [5, 4]);
          }
          stream.reset();
        }
        stream.dispose();
        await expect(stream.next(1)).rejects.toThrow("stream.next: expected a live stream");
        model.dispose();
      });
    }
  }

  test("a classifier's score after every word, and overlapping calls in turn", async ({ skip }) => {
    if (!device) return skip("no WebGPU adapter");
    const model = sequential([embedding(7, 3), simpleRNN(5), dense(1, { activation: "sigmoid" })]);
    await model.compile({ loss: "binaryCrossentropy", device, seed: 1 });
    const stream = await model.stream();
    const scores = await Promise.all(tokens.map((token) => stream.next(token)));
    for (const [t, { output }] of scores.entries()) {
      const { data } = await model.predict([tokens.slice(0, t + 1)]);
      assertClose(output, data, close, `after ${t + 1} tokens`);
    }
    await expect(stream.next(7)).rejects.toThrow("a whole number from 0 to 6, got 7");
    await model.compile({ loss: "binaryCrossentropy", device });
    await expect(stream.next(1)).rejects.toThrow("compiled anew");
    stream.dispose();
    model.dispose();
  });

  test("layers that need later steps are refused by name", async ({ skip }) => {
    if (!device) return skip("no WebGPU adapter");
    const model = sequential([embedding(7, 3), bidirectional(gru(2)), dense(1)]);
    await model.compile({ loss: "meanSquaredError", device });
    await expect(model.stream()).rejects.toThrow("Bidirectional (bidirectional), which needs other steps");
    model.dispose();
  });
});

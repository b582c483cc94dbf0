import { describe, expect } from "vitest";
import {
  adam,
  dense,
  dropout,
  embedding,
  flatten,
  gru,
  input,
  lstm,
  maxPooling1d,
  OutOfMemoryError,
  sequential,
  sgd,
  simpleRNN,
  spatialDropout1d,
  type Device,
  type Layer,
  type Sequential,
} from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { assertClose, assertThrows } from "../support/assert";
import { engineLayer } from "../support/engine";
import { withSmallBindings } from "../support/limits";
import { randomIntegers, randomTokens } from "../support/random";
import { watchAllocations } from "../runtime/validation";
import { checkAgainstTwin } from "./against-twin";
import { batches, kernels, manySamples, small, tables } from "./divided-nets";
import { head, recurrent, table } from "./recurrent-nets";
import { findTheSeven } from "./training";

const gpuTest = useDevice();

/** Buffers for sums of gradients that a run makes: none where no batch is taken in parts. */
async function sumsOf(device: Device, run: () => Promise<void>): Promise<number> {
  const watch = watchAllocations(device);
  try {
    await run();
    return watch.live.filter((label) => label.endsWith("gradientSums")).length;
  } finally {
    watch.restore();
  }
}

for (const scan of ["narrow", "wide"] as const) {
  const many = manySamples[scan];
  gpuTest(`a batch of ${many.batch} samples, ${scan}`, (device) => checkAgainstTwin(device, many, scan));

  describe(`what is larger than one binding, ${scan}`, () => {
    for (const [name, net] of Object.entries(kernels)) {
      gpuTest(`a kernel: ${name}`, async (device) => {
        await withSmallBindings(device, small, () => checkAgainstTwin(device, net, scan));
      });
    }
    for (const [name, net] of Object.entries(batches)) {
      gpuTest(`a batch, taken in parts: ${name}`, async (device) => {
        await withSmallBindings(device, small, () => checkAgainstTwin(device, net, scan));
      });
    }
    for (const [name, net] of Object.entries(tables)) {
      gpuTest(`an embedding table: ${name}`, async (device) => {
        await withSmallBindings(device, small, () => checkAgainstTwin(device, net, scan));
      });
    }
  });
}

describe("a batch that is taken in parts", () => {
  const seven = findTheSeven(1);
  // Twenty-five times the same rows: a batch of several bindings.
  const x = {
    data: new Int32Array(25 * seven.x.data.length),
    shape: [25 * seven.y.length, seven.x.shape[1]],
  };
  for (let i = 0; i < 25; i++) x.data.set(seven.x.data, i * seven.x.data.length);
  const y = Array.from({ length: 25 }, () => seven.y).flat();

  const words = embedding(20, 4);
  const last = dense(1, { activation: "sigmoid" });
  const whole: Record<string, () => Layer[]> = {
    // What a weight adds to the loss counts once a batch, not once a part.
    "of a net with a penalty": () => [words, lstm(6, { kernelRegularizer: "l2" }), last],
    "of a net that drops single values, features and states": () => [
      words,
      spatialDropout1d(0.3),
      gru(5, { dropout: 0.2, recurrentDropout: 0.3, returnSequences: true }),
      dropout(0.2),
      maxPooling1d(2),
      dropout(0.3),
      simpleRNN(6, { recurrentDropout: 0.2 }),
      dropout(0.4),
      last,
    ],
    "of a net that carries its states from batch to batch": () => [words, lstm(6, { stateful: true }), last],
    "of a net that drops last states, of samples that share padding": () => [
      words,
      simpleRNN(6),
      dropout(0.5),
      last,
    ],
  };
  for (const [name, layers] of Object.entries(whole)) {
    gpuTest(`gives the history and the weights of the whole one, to rounding: ${name}`, async (device) => {
      const run = async (): Promise<{ figures: number[]; weights: Float32Array[] }> => {
        const model = sequential(layers());
        const optimizer = sgd({ learningRate: 0.1, globalClipnorm: 0.5 });
        await model.compile({ optimizer, loss: "binaryCrossentropy", metrics: ["acc"], device, seed: 3 });
        const { history } = await model.fit(x, y, { epochs: 2, batchSize: 2000, validationSplit: 0.25 });
        const weights = (await model.getWeights()).map(({ data }) => data);
        model.dispose();
        return { figures: Object.values(history).flat(), weights };
      };
      const expected = await run();
      const divided = await withSmallBindings(device, small, run);
      divided.figures.forEach((value, i) => {
        expect(value).toBeCloseTo(expected.figures[i], 5);
      });
      divided.weights.forEach((values, i) => {
        values.forEach((value, k) => {
          expect(value).toBeCloseTo(expected.weights[i][k], 5);
        });
      });
    });
  }

  const compiled = async (device: Device, layer = recurrent("lstm", 6)): Promise<Sequential> => {
    const model = sequential([table(20, 4), layer, head].map(engineLayer));
    await model.compile({ loss: "binaryCrossentropy", device, seed: 3 });
    return model;
  };

  gpuTest("is one only where it must be", async (device) => {
    for (const [bytes, sums, layer] of [
      [device.limits.maxStorageBufferBindingSize, 0, recurrent("lstm", 6)],
      [small, 1, recurrent("lstm", 6)],
      // What is uploaded for the batch is more than a binding, but no part of it is.
      [small, 0, recurrent("simpleRNN", 1)],
    ] as const) {
      const model = await compiled(device, layer);
      const made = await withSmallBindings(device, bytes, () =>
        sumsOf(device, async () => {
          await model.trainOnBatch(x, y);
        }),
      );
      expect(made).toBe(sums);
      model.dispose();
    }
  });

  gpuTest(
    "is refused where a single value of a sample is too large, and another model goes on",
    async (device) => {
      const steps = 20_000;
      const layers = [input({ shape: [steps] }), embedding(20, 8), flatten(), last];
      const model = sequential(layers);
      await model.compile({ loss: "binaryCrossentropy", device, seed: 3 });
      const goesOn = await compiled(device);
      await withSmallBindings(device, small, async () => {
        await assertThrows(
          () => model.trainOnBatch([new Int32Array(steps).fill(3)], [1]),
          OutOfMemoryError,
          new RegExp(`^memory for flat.+: expected at most ${small} bytes in one binding, got \\d+; lower`),
        );
        await goesOn.trainOnBatch(seven.x, seven.y);
      });
      await model.trainOnBatch([new Int32Array(steps).fill(3)], [1]);
      model.dispose();
      goesOn.dispose();
    },
  );
});

describe("a kernel that is larger than one binding", () => {
  const nets: Record<string, () => Layer[]> = {
    // Two of its parts share a buffer, with room between them.
    "of an output vocabulary": () => [embedding(20, 4), gru(9), dense(15_000, { activation: "softmax" })],
    "behind a flattened sequence": () => [
      input({ shape: [5] }),
      embedding(20, 200),
      flatten(),
      dense(120, { activation: "tanh", kernelRegularizer: "l2" }),
      dense(20, { activation: "softmax" }),
    ],
  };
  const x = { data: randomIntegers(35, 1, 0, 20), shape: [7, 5] };
  const y = randomIntegers(7, 2, 0, 20);
  for (const [name, layers] of Object.entries(nets)) {
    for (const scan of ["narrow", "wide"] as const) {
      gpuTest(`trains as one that is not: ${name}, ${scan}`, async (device) => {
        const run = async (): Promise<Record<"said" | "figures" | "values", number[]>> => {
          const model = sequential(layers());
          const optimizer = adam({ learningRate: 0.01, clipnorm: 0.01 });
          const loss = "sparseCategoricalCrossentropy";
          await model.compile({ optimizer, loss, device, seed: 3, scan });
          const said = [...(await model.predict(x, { batchSize: 2 })).data];
          const { history } = await model.fit(x, y, { epochs: 2, batchSize: 2 });
          const values = (await model.getWeights()).flatMap(({ data }) => [...data]);
          model.dispose();
          return { said, figures: Object.values(history).flat(), values };
        };
        const whole = await run();
        const divided = await withSmallBindings(device, small, run);
        assertClose(divided.said, whole.said, 1e-9, "predictions");
        assertClose(divided.figures, whole.figures, 1e-5, "figures of the epochs");
        assertClose(divided.values, whole.values, 1e-5, "weights");
      });
    }
  }
});

describe("a data set of more tokens than a kernel can bind brings them along batch by batch", () => {
  const [rows, steps] = [2000, 60];
  const x = { data: randomTokens({ batch: rows, steps, vocabulary: 20 }, 4, "left"), shape: [rows, steps] };
  const y = randomIntegers(rows, 5, 0, 2);
  for (const [name, layers] of Object.entries({
    "samples that share padding": () => [embedding(20, 4), simpleRNN(6), dense(1, { activation: "sigmoid" })],
    "words written out, masked": () => [
      embedding(20, 4, { maskZero: true }),
      dropout(0.2),
      lstm(5),
      dense(1, { activation: "sigmoid" }),
    ],
    "a layer that reads from the end": () => [
      embedding(20, 4),
      gru(5, { goBackwards: true }),
      dense(1, { activation: "sigmoid" }),
    ],
  })) {
    gpuTest(`and gives the same bits: ${name}`, async (device) => {
      const run = async (): Promise<unknown> => {
        const model = sequential(layers());
        await model.compile({ loss: "binaryCrossentropy", device, seed: 3, scan: "narrow" });
        const history = await model.fit(x, y, { batchSize: 25, validationSplit: 0.25 });
        const result = [history, await model.getWeights(), await model.predict(x, { batchSize: 25 })];
        model.dispose();
        return result;
      };
      const whole = await run();
      // Without the padding all tokens are more than that.
      expect(await withSmallBindings(device, 160 * 1024, run)).toEqual(whole);
    });
  }
});

import { describe, expect, test } from "vitest";
import {
  dense,
  embedding,
  gru,
  InvalidInputError,
  lstm,
  masking,
  sequential,
  simpleRNN,
  type Device,
  type Layer,
  type Sequential,
} from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { assertEqual } from "../support/assert";
import type { LayerDescription } from "../support/layers";
import { randomTokens, type Padding } from "../support/random";
import { checkAgainstTwin, type Net } from "./against-twin";
import { both, full, head, masking as masks, recurrent, sequences, table } from "./recurrent-nets";

const gpuTest = useDevice();

const zeros = { tokens: [0, 4], value: 0 };
const words = table(9, 3);
const mean: LayerDescription = { type: "globalAveragePooling1d", name: "global_average_pooling1d" };

const behindWords = (...layers: LayerDescription[]): Net => ({
  layers: [words, masks(0), ...layers, head],
  batch: 7,
  steps: 6,
  padding: "mixed",
  blank: zeros,
});

const nets: Record<string, Net> = {
  simpleRNN: behindWords(recurrent("simpleRNN", 4)),
  "lstm, backwards": behindWords(recurrent("lstm", 5, { goBackwards: true })),
  "gru, reset before, sequences": behindWords(
    recurrent("gru", 4, { resetAfter: false, ...sequences }),
    recurrent("simpleRNN", 3),
  ),
  "bidirectional, sequences": behindWords(both(recurrent("gru", 3, sequences), "mul"), recurrent("lstm", 3)),
  "through a dense layer to a mean": behindWords(full(5, "tanh"), mean),
  "another value than 0": {
    ...behindWords(),
    layers: [words, masks(0.1), recurrent("lstm", 4), head],
    blank: { tokens: [0, 4], value: Math.fround(0.1) },
  },
  "in place of the embedding's mask": {
    ...behindWords(),
    layers: [table(9, 3, true), masks(0), recurrent("gru", 4), head],
    blank: { tokens: [4], value: 0 },
  },
  "zeros of a relu": {
    ...behindWords(),
    layers: [words, full(2, "relu"), masks(0), recurrent("lstm", 4), head],
  },
  "behind a convolution": {
    ...behindWords(),
    layers: [
      words,
      {
        ...{ type: "conv1d", name: "conv1d", filters: 2, kernelSize: 2, strides: 1 },
        ...{ padding: "valid", activation: "relu", useBias: false },
      },
      masks(0),
      recurrent("gru", 4, { goBackwards: true }),
      head,
    ],
  },
  "as far as the loss": {
    ...behindWords(),
    layers: [words, masks(0), full(5, "tanh"), { ...full(4, "softmax"), name: "head" }],
    classes: 4,
  },
};

for (const scan of ["narrow", "wide"] as const) {
  describe(`masking against the float64 twin, ${scan}`, () => {
    for (const [name, net] of Object.entries(nets)) {
      gpuTest(name, (device) => checkAgainstTwin(device, net, scan));
    }
    for (const padding of ["left", "right", "interior", "all"] as const satisfies Padding[]) {
      gpuTest(`${padding} padding`, (device) =>
        checkAgainstTwin(device, { ...behindWords(recurrent("lstm", 4)), padding }, scan),
      );
    }
  });
}

async function compiled(device: Device, layers: readonly Layer[], chunkSteps?: number): Promise<Sequential> {
  const model = sequential(layers);
  await model.compile({ optimizer: "adam", loss: "binaryCrossentropy", device, seed: 3, chunkSteps });
  return model;
}

/** Values of a table for tokens up to 8, those of tokens 0 and 4 all 1. */
const weights = Float32Array.from({ length: 27 }, (_, i) =>
  [0, 4].includes(Math.floor(i / 3)) ? 1 : i / 27,
);
const maskedWords = [embedding(9, 3, { weights }), masking({ maskValue: 1 })] as const;
const last = dense(1, { activation: "sigmoid" });

describe("masking", () => {
  gpuTest("a masked step changes neither the output of a stream nor its states", async (device) => {
    const model = await compiled(device, [...maskedWords, lstm(4), last]);
    const stream = await model.stream();
    await stream.next(3);
    const before = await stream.next(5);
    assertEqual(await stream.next(4), before, "after a masked step");
    expect((await stream.next(5)).output).not.toEqual(before.output);
    stream.dispose();
    model.dispose();
  });

  gpuTest("rows of nothing but masked steps keep the state before the first step", async (device) => {
    const model = await compiled(device, [...maskedWords, gru(4), last]);
    const { data } = await model.predict([
      [0, 4, 0],
      [4, 4, 4],
    ]);
    expect([...data]).toEqual([0.5, 0.5]);
    model.dispose();
  });

  gpuTest("the same bits where the time loop is cut into chunks", async (device) => {
    const data = randomTokens({ batch: 5, steps: 7, vocabulary: 9 }, 1, "mixed");
    const run = async (chunkSteps?: number): Promise<unknown> => {
      const model = await compiled(
        device,
        [...maskedWords, gru(4, { returnSequences: true }), last],
        chunkSteps,
      );
      const figures = await model.trainOnBatch({ data, shape: [5, 7] }, new Array<number>(35).fill(1));
      const result = [figures, (await model.predict({ data, shape: [5, 7] })).data];
      model.dispose();
      return result;
    };
    assertEqual(await run(3), await run(), "in chunks");
  });

  gpuTest("sample weights and a mask that reaches the loss", async (device) => {
    const labels = [1, 0, 1, 1, 0, 0];
    const x = [
      [3, 0, 5],
      [4, 2, 1],
    ];
    const sampleWeight = [2, 0.5];
    const marked = await compiled(device, [...maskedWords, last]);
    const figures = await marked.evaluate(x, labels, { sampleWeight });
    // The same mean by hand, over the four steps that count.
    const { data } = await marked.predict(x);
    const term = (i: number): number => -Math.log(labels[i] === 1 ? data[i] : 1 - data[i]);
    const expected = (2 * (term(0) + term(2)) + 0.5 * (term(4) + term(5))) / 4;
    expect(figures.loss).toBeCloseTo(expected, 5);
    marked.dispose();
  });

  for (const [name, layers] of Object.entries({
    maskZero: [embedding(9, 3, { maskZero: true }), dense(1)],
    masking: [embedding(9, 3, { weights: new Float32Array(27) }), masking(), dense(1)],
  })) {
    gpuTest(
      `${name}: a batch of nothing but masked steps has no loss, and changes nothing`,
      async (device) => {
        const model = await compiled(device, layers);
        const before = await model.getWeights();
        const { loss } = await model.trainOnBatch([[0, 0, 0]], [1, 0, 1]);
        assertEqual(loss, 0, "loss");
        assertEqual(await model.getWeights(), before, "weights");
        model.dispose();
      },
    );
  }

  test("a value that is no number, an unknown option, a place without steps", () => {
    expect(() => masking({ maskValue: NaN })).toThrow(InvalidInputError);
    expect(() => masking({ maskValue: 1e39 })).toThrow(
      "masking: expected maskValue as a finite float32, got 1e+39",
    );
    expect(() => masking({ value: 1 } as object)).toThrow(/masking: expected options among name, maskValue/);
    expect(() => sequential([embedding(3, 2), simpleRNN(2), masking(), dense(1)])).toThrow(
      /layer 2 \(masking\): expected a sequence as its input/,
    );
  });

  test("its configuration and its line in the summary", () => {
    const model = sequential([embedding(9, 3), masking({ maskValue: 0.1 }), simpleRNN(2), dense(1)]);
    expect(model.getConfig().layers[1]).toEqual({ className: "Masking", maskValue: 0.1 });
    const text = model.build([null, 5]).summary({ print: () => undefined });
    expect(text).toMatch(/│ masking \(Masking\) +│ \(None, 5, 3\) +│ +0 │/);
  });
});

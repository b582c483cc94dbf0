import { describe, expect, test } from "vitest";
import {
  bidirectional,
  dense,
  embedding,
  gru,
  InvalidInputError,
  lstm,
  sequential,
  simpleRNN,
  type Device,
  type Layer,
  type NamedState,
  type Sequential,
} from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { ReferenceModel } from "../reference/model";
import { useDevice } from "../runtime/use-device";
import { assertClose, assertEqual, assertThrows } from "../support/assert";
import { engineModel } from "../support/engine";
import type { LayerDescription } from "../support/layers";
import { randomTokens, randomValues, type Padding } from "../support/random";
import { tolerances } from "../support/tolerances";
import { both, head, masking, recurrent, sequences, table } from "./recurrent-nets";

const gpuTest = useDevice();

const compilation = {
  optimizer: { type: "sgd", learningRate: 0.1, momentum: 0, nesterov: false },
  loss: { name: "binaryCrossentropy", fromLogits: false },
} as const;
const [rows, steps, vocabulary] = [7, 5, 11];
const words = table(vocabulary, 3);
const returned = { returnState: true } as const;

/** Model and twin with the same weights. */
async function pairOf(
  device: Device,
  layers: readonly LayerDescription[],
  scan?: ScanShape,
): Promise<{ model: Sequential; twin: ReferenceModel }> {
  const model = await engineModel(device, { layers, ...compilation }, { scan });
  const weights = (await model.getWeights()).map(({ data, shape }, i) =>
    randomValues(data.length, i + 1, Math.min(1, 2 / shape[0])),
  );
  await model.setWeights(weights);
  return { model, twin: new ReferenceModel(layers, weights, compilation) };
}

interface Case {
  readonly layers: readonly LayerDescription[];
  readonly padding: Padding;
  readonly names: readonly string[];
}

const cases: Record<string, Case> = {
  "simpleRNN, padding shared": {
    layers: [words, recurrent("simpleRNN", 5, returned), head],
    padding: "left",
    names: ["simplernn_5/h"],
  },
  "stacked lstm and gru": {
    layers: [words, recurrent("lstm", 4, { ...returned, ...sequences }), recurrent("gru", 3, returned), head],
    padding: "left",
    names: ["lstm_4/h", "lstm_4/c", "gru_3/h"],
  },
  "lstm backwards under a mask": {
    layers: [table(vocabulary, 3, true), recurrent("lstm", 4, { ...returned, goBackwards: true }), head],
    padding: "mixed",
    names: ["lstm_4/h", "lstm_4/c"],
  },
  "bidirectional lstm": {
    layers: [words, masking(0), both(recurrent("lstm", 4, returned)), head],
    padding: "mixed",
    names: ["forward", "backward"].flatMap((way) =>
      ["h", "c"].map((part) => `both_lstm_4/${way}_lstm_4/${part}`),
    ),
  },
  "stateful gru": {
    layers: [words, recurrent("gru", 4, { ...returned, stateful: true }), head],
    padding: "none",
    names: ["gru_4/h"],
  },
};

for (const scan of ["narrow", "wide"] as const) {
  describe(`returnState, ${scan}`, () => {
    for (const [name, { layers, padding, names }] of Object.entries(cases)) {
      gpuTest(`${name}: the twin's last states`, async (device) => {
        const { model, twin } = await pairOf(device, layers, scan);
        const tokens = randomTokens({ batch: rows, steps, vocabulary }, 5, padding);
        const expected = twin.lastStates(tokens, rows);
        const { states = [] } = await model.predict({ data: tokens, shape: [rows, steps] });
        assertEqual(
          states.map((state) => state.name),
          names,
          "names",
        );
        states.forEach(({ name: state, shape, data }, i) => {
          assertEqual(shape, [rows, expected[i].length / rows], `shape of ${state}`);
          assertClose(data, expected[i], tolerances.randomNets, state);
        });
        model.dispose();
      });
    }
  });
}

describe("returnState", () => {
  gpuTest(
    "only of the layers that say so; row by row the same in batches and after training",
    async (device) => {
      const { model } = await pairOf(device, [
        words,
        recurrent("lstm", 4, sequences),
        recurrent("gru", 3, returned),
        head,
      ]);
      const data = randomTokens({ batch: rows, steps, vocabulary }, 6, "left");
      const x = { data, shape: [rows, steps] };
      const whole = await model.predict(x);
      expect(whole.states?.map(({ name }) => name)).toEqual(["gru_3/h"]);
      assertEqual(await model.predict(x, { batchSize: 3 }), whole, "in batches of 3");
      await model.trainOnBatch(x, new Array<number>(rows).fill(1));
      const after = await model.predict(x);
      expect(after.states?.[0].data).not.toEqual(whole.states?.[0].data);
      model.dispose();
    },
  );

  gpuTest("without it, nothing is returned", async (device) => {
    const { model } = await pairOf(device, [words, recurrent("lstm", 4), head]);
    expect(Object.keys(await model.predict([[1, 2]]))).toEqual(["data", "shape"]);
    model.dispose();
  });

  test("a configuration keeps it", () => {
    const layers = [embedding(5, 2), bidirectional(lstm(3, returned)), dense(1)];
    expect(sequential(layers).getConfig().layers[1]).toMatchObject({ layer: { returnState: true } });
    expect(lstm(3).returnState).toBe(false);
  });
});

describe("states of stateful layers", () => {
  const stateful = { stateful: true } as const;
  const layers = [
    words,
    recurrent("gru", 4, { ...stateful, ...sequences }),
    both(recurrent("lstm", 3, stateful)),
    head,
  ];
  const batch = (seed: number, count = rows) => ({
    data: randomTokens({ batch: count, steps, vocabulary }, seed),
    shape: [count, steps],
  });

  gpuTest("given before the first batch: the twin begins there, too", async (device) => {
    const { model, twin } = await pairOf(device, layers);
    const [h4, ...h3] = [4, 3, 3, 3, 3].map((units, i) => randomValues(rows * units, 30 + i));
    await model.setStates([h4, ...h3]);
    const [h, hf, cf, hb, cb] = [h4, ...h3].map((values) => Float64Array.from(values));
    twin.beginAt("gru_4", [{ h, c: new Float64Array(h.length) }]);
    twin.beginAt("both_lstm_3", [
      { h: hf, c: cf },
      { h: hb, c: cb },
    ]);
    const x = batch(1);
    const expected = twin.lastStates(x.data, rows);
    assertClose((await model.predict(x)).data, twin.predict(x.data, rows), tolerances.randomNets, "predict");
    const states = await model.getStates();
    expect(states.map(({ name, shape }) => [name, ...shape])).toEqual([
      ["gru_4/h", rows, 4],
      ["both_lstm_3/forward_lstm_3/h", rows, 3],
      ["both_lstm_3/forward_lstm_3/c", rows, 3],
      ["both_lstm_3/backward_lstm_3/h", rows, 3],
      ["both_lstm_3/backward_lstm_3/c", rows, 3],
    ]);
    states.forEach(({ name, data }, i) => assertClose(data, expected[i], tolerances.randomNets, name));
    model.dispose();
  });

  gpuTest("read and given back: the same bits again; undefined: those from zeros", async (device) => {
    const { model } = await pairOf(device, layers);
    const first = await model.predict(batch(1));
    const states = await model.getStates();
    const second = await model.predict(batch(2));
    await model.setStates(states);
    assertEqual(await model.getStates(), states, "states given");
    assertEqual(await model.predict(batch(2)), second, "from the states given");
    await model.setStates(undefined);
    assertEqual(await model.predict(batch(1)), first, "from zeros");
    // Another workspace, that for training, takes them as well.
    await model.setStates(states);
    await model.trainOnBatch(batch(2), new Array<number>(rows).fill(1));
    await model.setStates(states);
    model.resetStates();
    expect((await model.getStates()).every(({ data }) => data.every((value) => value === 0))).toBe(true);
    model.dispose();
  });

  gpuTest("no rows before the first batch; a smaller batch takes the first rows", async (device) => {
    const { model } = await pairOf(device, layers);
    expect((await model.getStates()).map(({ shape }) => shape[0])).toEqual([0, 0, 0, 0, 0]);
    await model.predict(batch(1));
    const states = await model.getStates();
    const begun = states.map(({ shape: [, units], data }) => data.slice(0, 2 * units));
    await model.setStates(states);
    const { data } = await model.predict(batch(2, 2));
    await model.setStates(begun);
    assertEqual((await model.predict(batch(2, 2))).data, data, "of two rows");
    model.dispose();
  });

  gpuTest("what does not fit is refused, and changes nothing", async (device) => {
    const { model } = await pairOf(device, layers);
    await model.predict(batch(1));
    const states = await model.getStates();
    const refusals: [
      change: (all: NamedState[]) => readonly (NamedState | Float32Array)[],
      message: RegExp,
    ][] = [
      [(all) => all.slice(1), /setStates: expected 5 states \(gru_4\/h, .*\), got 4/],
      [
        ([a, b, ...rest]) => [b, a, ...rest],
        /expected gru_4\/h as state 0, got both_lstm_3\/forward_lstm_3\/h/,
      ],
      [([a, ...rest]) => [a.data.slice(1), ...rest], /expected 28 values for gru_4\/h \[7, 4\], got 27;/],
      [
        ([a, ...rest]) => [a.data.slice(4), ...rest],
        /expected 18 values for both_lstm_3.* \[6, 3\], got 21;/,
      ],
      [
        ([a, ...rest]) => [a.data.with(5, NaN), ...rest],
        /expected finite values for gru_4\/h, got NaN in place 5/,
      ],
    ];
    for (const [change, message] of refusals) {
      await assertThrows(() => model.setStates(change([...states])), InvalidInputError, message);
    }
    assertEqual(await model.getStates(), states, "states");
    await model.setStates(states);
    await assertThrows(
      () => model.predict(batch(1, rows + 1)),
      InvalidInputError,
      /setStates: expected a row of each state for each row of a batch \(8\), got 7/,
    );
    model.dispose();
    const plain = sequential([embedding(5, 2), lstm(3), dense(1)]);
    await assertThrows(
      () => plain.getStates(),
      InvalidInputError,
      /getStates: expected a model with a stateful/,
    );
    await assertThrows(
      () => plain.setStates([]),
      InvalidInputError,
      /setStates: expected a model with a stateful/,
    );
  });
});

describe("states of a stream", () => {
  const nets: Record<string, readonly Layer[]> = {
    simpleRNN: [simpleRNN(5, returned)],
    "lstm, gru": [lstm(4, { ...returned, returnSequences: true }), gru(3, returned)],
  };
  for (const [name, body] of Object.entries(nets)) {
    gpuTest(`${name}: a prompt read by predict, and gone on with`, async (device) => {
      const model = sequential([embedding(vocabulary, 3), ...body, dense(2)]);
      await model.compile({ loss: "meanSquaredError", device, seed: 1 });
      const prompt = [3, 1, 4, 1, 5];
      const { states } = await model.predict([prompt]);
      const stream = await model.stream();
      await stream.setStates(states);
      assertEqual(await stream.getStates(), states, "states");
      const { output } = await stream.next(9);
      const { data } = await model.predict([[...prompt, 9]]);
      assertClose(output, data, { absolute: 2e-6, relative: 0 }, "output");
      await stream.setStates(undefined);
      assertClose(
        (await stream.next(9)).output,
        (await model.predict([[9]])).data,
        { absolute: 2e-6, relative: 0 },
        "from zeros",
      );
      const two = (await model.predict([prompt, prompt])).states;
      await assertThrows(
        () => stream.setStates(two),
        InvalidInputError,
        /stream.setStates: expected states of one row, got 2 rows/,
      );
      stream.dispose();
      await expect(stream.getStates()).rejects.toThrow("stream.getStates: expected a live stream");
      model.dispose();
    });
  }
});

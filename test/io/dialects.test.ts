import { describe, expect, test } from "vitest";
import { loadModel } from "../../src/io/index";
import { FormatError } from "../../src/runtime/errors";
import { assertThrows } from "../support/assert";
import { randomValues } from "../support/random";
import {
  dense,
  denseWeights,
  embedding,
  files,
  gru,
  layer,
  layersOf,
  lstm,
  lstmWeights,
  sequential,
  table,
} from "./converted";
import type { KerasLayer, Stored } from "./converted";

describe("words that files of different age mean differently", () => {
  const model = sequential([embedding, lstm, dense]);
  const weights = [table, ...lstmWeights, ...denseWeights];

  test("hard_sigmoid: a fifth of the slope until Keras 2 and in TF.js, a sixth in Keras 3", async () => {
    for (const version of ["1.2.2", "2.0.8", "2.15.0", "tfjs-layers 4.22.0"]) {
      const [, , recurrent] = await layersOf(files(model, weights, version));
      expect(recurrent, version).toMatchObject({ recurrentActivation: "hardSigmoidKeras2" });
    }
    const [, , recurrent] = await layersOf(files(model, weights, "3.3.3"));
    expect(recurrent).toMatchObject({ recurrentActivation: "hardSigmoid" });
  });

  test("a GRU that does not state reset_after: the first form until Keras 2", async () => {
    const gruWeights = (bias: number[]): Stored[] => [
      ["gru_1/kernel", [2, 9]],
      ["gru_1/recurrent_kernel", [3, 9]],
      ["gru_1/bias", bias],
    ];
    const withGru = sequential([embedding, gru, dense]);
    const [, , first] = await layersOf(files(withGru, [table, ...gruWeights([9]), ...denseWeights]));
    expect(first).toMatchObject({ resetAfter: false });
    const second = [table, ...gruWeights([2, 9]), ...denseWeights];
    expect((await layersOf(files(withGru, second, "3.0.0")))[2]).toMatchObject({ resetAfter: true });
    await assertThrows(
      () => loadModel(files(withGru, second)),
      FormatError,
      /"gru_1\/bias" of shape \[9\], got \[2, 9\]/,
    );
  });

  test("what has no effect is let be: implementation, unroll; time_major changes the results", async () => {
    const changed = (entries: object): object =>
      sequential([embedding, { ...lstm, config: { ...lstm.config, ...entries } }, dense]);
    const notes: string[] = [];
    await layersOf(files(changed({ implementation: 2, unroll: true, time_major: false }), weights), notes);
    expect(notes).toEqual([]);
    for (const entry of ["time_major", "return_state"]) {
      await assertThrows(
        () => loadModel(files(changed({ [entry]: true }), weights)),
        FormatError,
        new RegExp(`${entry} of LSTM "lstm_1" as false, got true`),
      );
    }
  });

  test("Bidirectional of Keras 2 states one layer, of Keras 3 both", async () => {
    const both = layer("Bidirectional", "both", { layer: lstm, merge_mode: "ave" });
    const weightsOf = (names: [string, string]): Stored[] => [
      table,
      ...names.flatMap((name) =>
        lstmWeights.map(([path, shape]): Stored => [path.replace("lstm_1", `both/${name}`), shape]),
      ),
      ...denseWeights,
    ];
    const stored = weightsOf(["forward_lstm_1/lstm_cell_4", "backward_lstm_1/lstm_cell_5"]);
    const model = await loadModel(files(sequential([embedding, both, dense]), stored), {});
    expect(model.getConfig().layers[2]).toMatchObject({
      mergeMode: "ave",
      layer: { className: "LSTM", name: "lstm_1", goBackwards: false },
    });
    const [, ...loaded] = await model.getWeights();
    expect(loaded[0].name).toBe("both/forward_lstm_1/lstm_cell/kernel");
    expect(loaded[3].data).toEqual(randomValues(24, 5));
    const other = { ...lstm, config: { ...lstm.config, go_backwards: true, units: 4 } };
    const unequal = layer("Bidirectional", "both", { layer: lstm, backward_layer: other });
    await assertThrows(
      () => loadModel(files(sequential([embedding, unequal, dense]), stored)),
      FormatError,
      /backward_layer of Bidirectional "both" as its layer run backwards/,
    );
  });
});

describe("activations as layers", () => {
  const linear = layer("Dense", "dense_1", { units: 1, activation: "linear" });
  const weights = [table, ...lstmWeights, ...denseWeights];
  const cases: [KerasLayer, string][] = [
    [layer("Activation", "a", { activation: "hard_sigmoid" }), "hardSigmoidKeras2"],
    [layer("Activation", "a", { activation: "softmax_v2" }), "softmax"],
    [layer("Activation", "a", { activation: { class_name: "ReLU", config: { max_value: 6 } } }), "relu6"],
    [layer("ReLU", "a", { max_value: null, negative_slope: 0, threshold: 0 }), "relu"],
    [layer("ReLU", "a", { max_value: 6 }), "relu6"],
    [layer("LeakyReLU", "a", { alpha: 0.20000000298023224 }), "leakyRelu"],
    [layer("Softmax", "a", { axis: -1 }), "softmax"],
    [layer("ELU", "a", { alpha: 1 }), "elu"],
  ];
  for (const [behind, activation] of cases) {
    const { class_name, config } = behind;
    test(`${class_name} ${JSON.stringify(config.activation ?? {})} behind a Dense is its ${activation}`, async () => {
      const layers = await layersOf(files(sequential([embedding, lstm, linear, behind]), weights));
      expect(layers.at(-1)).toMatchObject({ className: "Dense", activation });
      expect(layers).toHaveLength(4);
    });
  }

  test("those that the engine lacks, and those that cannot be folded, are refused", async () => {
    const refusals: [KerasLayer[], RegExp][] = [
      [[lstm, linear, layer("LeakyReLU", "a", { alpha: 0.3 })], /LeakyReLU "a" among linear, .*0.3/],
      [[lstm, linear, layer("Activation", "a", { activation: "swish" })], /got "swish"/],
      [
        [lstm, layer("ReLU", "a"), dense],
        /behind a Dense or Conv1D without activation, got a LSTM before it/,
      ],
      [[lstm, dense, layer("Softmax", "a")], /got a Dense before it/],
      [[lstm, layer("AveragePooling1D", "m"), dense], /layers among .*, got AveragePooling1D \("m"\)/],
    ];
    for (const [layers, message] of refusals) {
      const source = files(sequential([embedding, ...layers]), weights);
      await assertThrows(() => loadModel(source), FormatError, message);
    }
  });
});

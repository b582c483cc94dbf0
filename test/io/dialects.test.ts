import { describe, expect, test } from "vitest";
import { inspectModel, loadModel } from "../../src/io/index";
import type { ModelFiles } from "../../src/io/index";
import { FormatError } from "../../src/runtime/errors";
import { assertThrows } from "../support/assert";
import { randomValues } from "../support/random";

interface KerasLayer {
  class_name: string;
  name?: string;
  config: Record<string, unknown>;
  inbound_nodes?: unknown;
}

type Stored = [name: string, shape: number[]];

const layer = (class_name: string, name: string, config: object = {}): KerasLayer => ({
  class_name,
  config: { name, ...config },
});

const embedding = layer("Embedding", "words", {
  batch_input_shape: [null, 6],
  input_dim: 9,
  output_dim: 2,
  dtype: "int32",
});
const lstm = layer("LSTM", "lstm_1", { units: 3, activation: "tanh", recurrent_activation: "hard_sigmoid" });
const gru = layer("GRU", "gru_1", { units: 3, activation: "tanh", recurrent_activation: "sigmoid" });
const dense = layer("Dense", "dense_1", { units: 1, activation: "sigmoid" });

const table: Stored = ["words/embeddings", [9, 2]];
const lstmWeights: Stored[] = [
  ["lstm_1/kernel", [2, 12]],
  ["lstm_1/recurrent_kernel", [3, 12]],
  ["lstm_1/bias", [12]],
];
const denseWeights: Stored[] = [
  ["dense_1/kernel", [3, 1]],
  ["dense_1/bias", [1]],
];

/** A model as TF.js's converter writes it: Keras's own configuration in `model.json`, and one shard. */
function files(model: object, weights: Stored[], version = "2.2.4"): ModelFiles {
  const values = weights.map(([, shape], i) =>
    randomValues(
      shape.reduce((a, b) => a * b, 1),
      i + 1,
    ),
  );
  const json = {
    modelTopology: { keras_version: version, model_config: model },
    weightsManifest: [
      { paths: ["shard"], weights: weights.map(([name, shape]) => ({ name, shape, dtype: "float32" })) },
    ],
  };
  const all = values.flatMap((data) => [...data]);
  return {
    "model.json": new TextEncoder().encode(JSON.stringify(json)),
    shard: new Uint8Array(Float32Array.from(all).buffer),
  };
}

const sequential = (layers: KerasLayer[]): object => ({ class_name: "Sequential", config: { layers } });

async function layersOf(source: ModelFiles, notes: string[] = []): Promise<object[]> {
  const model = await loadModel(source, { onNote: (note) => notes.push(note) });
  return model.getConfig().layers;
}

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
      [[lstm, layer("Masking", "m"), dense], /layers among .*, got Masking \("m"\)/],
    ];
    for (const [layers, message] of refusals) {
      const source = files(sequential([embedding, ...layers]), weights);
      await assertThrows(() => loadModel(source), FormatError, message);
    }
  });
});

describe("Functional models", () => {
  const weights = [table, ...lstmWeights, ...denseWeights];
  const input = layer("InputLayer", "tokens", { batch_input_shape: [null, 6], batch_shape: [null, 6] });
  const tensor = (name: string): object => ({
    class_name: "__keras_tensor__",
    config: { shape: [null, 6], dtype: "float32", keras_history: [name, 0, 0] },
  });
  const functional = (layers: KerasLayer[]): object => ({
    class_name: "Functional",
    config: { name: "net", layers, input_layers: [["tokens", 0, 0]], output_layers: [["dense_1", 0, 0]] },
  });
  const calledOn = (called: KerasLayer, ...names: string[]): KerasLayer => ({
    ...called,
    inbound_nodes: [names.map((name) => [name, 0, 0, {}])],
  });
  const calledOn3 = (called: KerasLayer, name: string, kwargs: object = {}): KerasLayer => ({
    ...called,
    inbound_nodes: [{ args: [tensor(name)], kwargs }],
  });

  test("a chain is read as Sequential, in the order of its calls: Keras 2", async () => {
    const chain = [
      { ...input, inbound_nodes: [] },
      calledOn(dense, "lstm_1"),
      calledOn(embedding, "tokens"),
      calledOn(lstm, "words"),
    ];
    const model = await loadModel(files(functional(chain), weights), {});
    const names = model.getConfig().layers.map(({ className }) => className);
    expect(names).toEqual(["InputLayer", "Embedding", "LSTM", "Dense"]);
    expect(model.name).toBe("net");
  });

  test("Keras 3 writes the mask of an embedding as a layer of its own", async () => {
    const masked = { ...embedding, config: { ...embedding.config, mask_zero: true } };
    const mask: KerasLayer = {
      class_name: "NotEqual",
      config: { name: "not_equal" },
      inbound_nodes: [{ args: [tensor("tokens"), 0], kwargs: {} }],
    };
    const chain = [
      { ...input, inbound_nodes: [] },
      calledOn3(masked, "tokens"),
      mask,
      calledOn3(lstm, "words", { training: false, mask: tensor("not_equal") }),
      calledOn3(dense, "lstm_1"),
    ];
    const layers = await layersOf(files(functional(chain), weights, "3.16.0"));
    expect(layers.map((each) => (each as { className: string }).className)).toEqual([
      "InputLayer",
      "Embedding",
      "LSTM",
      "Dense",
    ]);
    expect(layers[1]).toMatchObject({ maskZero: true });
  });

  test("branches are refused by name, and so are two inputs and shared layers", async () => {
    const start = [{ ...input, inbound_nodes: [] }, calledOn(embedding, "tokens"), calledOn(lstm, "words")];
    const second = calledOn(layer("Dropout", "drop", { rate: 0.5 }), "lstm_1");
    const cases: [KerasLayer[], RegExp][] = [
      [
        [...start, calledOn(dense, "lstm_1"), second],
        /one output, got "lstm_1" followed by "dense_1", "drop"/,
      ],
      [[...start, second, calledOn(dense, "lstm_1", "drop")], /got "dense_1" with 2 inputs/],
      [[...start, calledOn(dense, "nowhere")], /got layers that the input does not reach/],
      [
        [...start, { ...dense, inbound_nodes: [[["lstm_1", 0, 0, {}]], [["lstm_1", 0, 0, {}]]] }],
        /got "dense_1" called 2 times/,
      ],
      [
        [...start, calledOn(dense, "lstm_1"), layer("InputLayer", "more", { batch_input_shape: [null, 2] })],
        /got 2 inputs/,
      ],
      [
        [...start, calledOn(dense, "lstm_1"), calledOn(layer("Add", "sum"), "lstm_1", "drop")],
        /got Add \("sum"\)/,
      ],
    ];
    for (const [layers, message] of cases) {
      await assertThrows(() => loadModel(files(functional(layers), weights)), FormatError, message);
    }
  });
});

describe("models of one-hot vectors", () => {
  const oneHot = { ...lstm, config: { ...lstm.config, batch_input_shape: [null, 6, 4] } };
  const head = layer("Dense", "dense_1", { units: 4, activation: "softmax" });
  const headWeights: Stored[] = [
    ["dense_1/kernel", [3, 4]],
    ["dense_1/bias", [4]],
  ];
  const stored: Stored[] = [["lstm_1/kernel", [4, 12]], ...lstmWeights.slice(1), ...headWeights];

  test("take tokens behind the identity, and say so", async () => {
    const notes: string[] = [];
    const model = await loadModel(files(sequential([oneHot, head]), stored), {
      onNote: (note) => notes.push(note),
    });
    expect(notes).toEqual([
      "its input is taken for one-hot vectors: pass token ids below 4; " +
        "an embedding that is the identity stands before the first layer, and training changes it",
    ]);
    const [first, second] = await model.getWeights();
    expect(first).toMatchObject({ name: "one_hot/embeddings", shape: [4, 4] });
    expect([...first.data]).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    expect(second.data).toEqual(randomValues(48, 1));
  });

  test("vectors that nothing shows to be one-hot are refused", async () => {
    const withShape = (shape: unknown[]): KerasLayer => ({
      ...lstm,
      config: { ...lstm.config, batch_input_shape: shape },
    });
    const cases: [KerasLayer, RegExp][] = [
      [
        withShape([null, 6, 4]),
        /tokens or one-hot vectors as the model's input, got vectors of 4 features, and no/,
      ],
      [withShape([null, 6, 1]), /\[batch, steps\] as the input of LSTM "lstm_1", got \[null,6,1\]/],
      [withShape([null, 6, 100_000]), /\[batch, steps\] as the input of LSTM "lstm_1"/],
      [withShape([null, 6, 4, 2]), /\[batch, steps\] as the input of LSTM "lstm_1"/],
    ];
    for (const [first, message] of cases) {
      const source = files(sequential([first, dense]), stored);
      await assertThrows(() => loadModel(source), FormatError, message);
    }
  });
});

describe("inspectModel of a model that the engine cannot run", () => {
  test("gives its layers with their tensors, those marked that are lacking", async () => {
    const attention = layer("Attention", "look", {});
    const stateful = { ...lstm, config: { ...lstm.config, return_state: true } };
    const source = files(sequential([embedding, stateful, attention, dense]), [
      table,
      ...lstmWeights,
      ["look/scale", []],
      ...denseWeights,
    ]);
    const file = await inspectModel(source);
    expect(file.architecture).toBeUndefined();
    expect(file.weights).toEqual([]);
    expect(file.refusal).toMatch(/layers among InputLayer, .*Flatten, got Attention \("look"\)/);
    expect(file.layers?.map(({ name, className }) => [name, className])).toEqual([
      ["words", "Embedding"],
      ["lstm_1", "LSTM"],
      ["look", "Attention"],
      ["dense_1", "Dense"],
    ]);
    const [first, second, third] = file.layers ?? [];
    expect(first.problem).toBeUndefined();
    expect(second.problem).toMatch(/return_state of LSTM "lstm_1" as false, got true/);
    expect(third).toMatchObject({
      problem: "the engine has no such layer",
      tensors: [{ name: "look/scale" }],
    });
    expect(second.tensors.map(({ shape }) => shape)).toEqual([[2, 12], [3, 12], [12]]);
  });
});

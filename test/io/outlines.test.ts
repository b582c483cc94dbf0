import { describe, expect, test } from "vitest";
import { inspectModel, loadModel } from "../../src/io/index";
import { FormatError } from "../../src/runtime/errors";
import { assertThrows } from "../support/assert";
import { randomValues } from "../support/random";
import {
  dense,
  denseWeights,
  embedding,
  files,
  layer,
  layersOf,
  lstm,
  lstmWeights,
  sequential,
  table,
} from "./converted";
import type { KerasLayer, Stored } from "./converted";

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

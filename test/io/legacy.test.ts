import { describe, expect, test } from "vitest";
import { inspectModel, loadModel, loadWeights } from "../../src/io/index";
import type { Hdf5Dataset } from "../../src/io/hdf5/writer";
import { FormatError } from "../../src/runtime/errors";
import { assertThrows } from "../support/assert";
import { dense, embedding, keras2, layers, plans, rnn, values } from "./keras2-file";
import { untrained } from "./models";

async function notesOf(bytes: Uint8Array): Promise<string[]> {
  const notes: string[] = [];
  await loadModel(bytes, { onNote: (note) => notes.push(note) });
  return notes;
}

describe("Keras 2", () => {
  test("a bare list of layers, names with :0 and without a cell, VarianceScaling", async () => {
    const model = await loadModel(await keras2(), { onNote: () => undefined });
    const weights = await model.getWeights();
    expect(weights.map(({ data }) => [...data])).toEqual(plans.map((_, i) => [...values(i).data]));
    expect(weights[2].name).toBe("simple_rnn_1/simple_rnn_cell/recurrent_kernel");
    expect(model.architecture.steps).toBe(9);
    const [, , cell] = model.getConfig().layers;
    expect(cell).toMatchObject({ units: 7, dropout: 0.2, kernelInitializer: { name: "glorotUniform" } });
    expect(cell).toMatchObject({ kernelRegularizer: { l1: 0, l2: 0.5 } });
    const { writer } = await inspectModel(await keras2());
    expect(writer).toBe("Keras 2.1.5 (tensorflow)");
    expect(await notesOf(await keras2())).toEqual([]);
  });

  test("names spread over several attributes, and weights alone", async () => {
    const expected = plans.map((_, i) => [...values(i).data]);
    const spread = await loadModel(await keras2({ spread: true }), { onNote: () => undefined });
    expect((await spread.getWeights()).map(({ data }) => [...data])).toEqual(expected);
    const weightsOnly = await keras2({ atRoot: true });
    const model = untrained("plain");
    await loadWeights(model, weightsOnly);
    expect((await model.getWeights()).map(({ data }) => [...data])).toEqual(expected);
    await assertThrows(
      () => loadModel(weightsOnly),
      FormatError,
      /weights alone; make the model and call loadWeights/,
    );
  });

  test("lr, and the optimizer's variables under the names of each of its versions", async () => {
    const training = {
      loss: "binary_crossentropy",
      metrics: ["accuracy"],
      optimizer_config: { class_name: "RMSprop", config: { lr: 0.01, rho: 0.8, decay: 0, epsilon: 1e-7 } },
    };
    const iteration: Hdf5Dataset = { shape: [], data: Int32Array.of(42) };
    const slots = plans.map((_, i) => values(i));
    const forms: Record<string, [string, Hdf5Dataset][]> = {
      "2.1": slots.map((slot, i) => [`training/RMSprop/Variable_${i}:0`, slot]),
      "2.4": [
        ["RMSprop/iter:0", iteration],
        ...slots.map((slot, i): [string, Hdf5Dataset] => [`RMSprop/${plans[i][1].slice(0, -2)}/rms:0`, slot]),
      ],
      "2.12": [
        ["iteration:0", iteration],
        ["current_learning_rate:0", { shape: [], data: Float32Array.of(0.5) }],
        ...slots.map((slot, i): [string, Hdf5Dataset] => [`RMSprop/velocity/${plans[i][1]}`, slot]),
      ],
    };
    for (const [version, optimizer] of Object.entries(forms)) {
      const model = await loadModel(await keras2({ training, optimizer }), { onNote: () => undefined });
      expect(model.getCompileConfig()).toMatchObject({
        optimizer: { learningRate: 0.01, rule: { kind: "rmsprop", rho: 0.8, epsilon: 1e-7 } },
        metrics: ["accuracy"],
      });
      const state = await model.getOptimizerState();
      expect(state.iterations).toBe(version === "2.1" ? 0 : 42);
      expect(state.learningRate).toBe(version === "2.12" ? 0.5 : 0.01);
      expect(state.slots.velocity.map(({ data }) => data)).toEqual(slots.map(({ data }) => data));
    }
    const strange: [string, Hdf5Dataset][] = [
      ["RMSprop/velocity/a:0", slots[1]],
      ["RMSprop/what:0", slots[0]],
    ];
    const notes = await notesOf(await keras2({ training, optimizer: strange }));
    expect(notes).toContain('the optimizer starts afresh: its variable "RMSprop/what:0" is not known');
  });

  test("what the engine lacks of compile leaves the model uncompiled, with a note", async () => {
    const optimizer_config = { class_name: "Adam", config: { lr: 0.001, use_ema: true } };
    const compile = (changes: object): object => ({
      loss: "binary_crossentropy",
      metrics: [],
      optimizer_config,
      ...changes,
    });
    const adam = { class_name: "Adam", config: { lr: 0.001 } };
    const cases: [object, RegExp][] = [
      [compile({}), /the engine's Adam has no use_ema \(true\)/],
      [compile({ optimizer_config: { class_name: "Adagrad", config: {} } }), /not the optimizer "Adagrad"/],
      [compile({ optimizer_config: adam, loss: "hinge" }), /not the loss "hinge"/],
      [compile({ optimizer_config: adam, metrics: ["mae"] }), /metrics left out: "mae"/],
    ];
    for (const [training, message] of cases) {
      expect((await notesOf(await keras2({ training }))).join("\n")).toMatch(message);
    }
  });

  test("layers, activations and options that the engine lacks are refused by name", async () => {
    const unknown = { class_name: "ConvLSTM2D", config: { name: "conv_1" } };
    const changed = (layer: { class_name: string; config: object }, changes: object): object[] =>
      layers.map((each) => (each === layer ? { ...each, config: { ...each.config, ...changes } } : each));
    const cases: [object, RegExp][] = [
      [
        [embedding, unknown, { ...unknown, class_name: "AveragePooling1D" }, unknown, dense],
        /among InputLayer, .*, Flatten, got ConvLSTM2D \("conv_1", "conv_1"\), AveragePooling1D/,
      ],
      [
        changed(rnn, { activation: "gelu" }),
        /activation of SimpleRNN "simple_rnn_1" among linear, .*got "gelu"/,
      ],
      [changed(dense, { activation: "swish" }), /activation of Dense "dense_1" among .*got "swish"/],
      [changed(rnn, { return_state: true }), /return_state of SimpleRNN "simple_rnn_1" as false, got true/],
      [
        changed(rnn, { units: "many" }),
        /units of SimpleRNN "simple_rnn_1" as a whole number from 1, got "many"/,
      ],
      [
        changed(rnn, { units: 8 }),
        /"model_weights\/simple_rnn_1\/simple_rnn_1\/kernel:0" of shape \[5, 8\], got \[5, 7\]/,
      ],
      [
        changed(embedding, { batch_input_shape: [null, 9, 3] }),
        /\[batch, steps\] as the input of Embedding "embedding_1"/,
      ],
      [{ name: "x" }, /a list of layers/],
      [[embedding, rnn], /weights of 2 layers \(embedding_1, simple_rnn_1\), got 3/],
      [[rnn, dense], /layers that the engine can build|an embedding before it/],
    ];
    for (const [config, message] of cases) {
      const bytes = await keras2({ config });
      await assertThrows(() => loadModel(bytes), FormatError, message);
    }
  });

  test("an activation layer behind a dense one is folded into it, a fixed batch is noted", async () => {
    const linear = { ...dense, config: { ...dense.config, activation: "linear" } };
    const activation = { class_name: "Activation", config: { name: "activation_1", activation: "softmax" } };
    const fixed = { ...embedding, config: { ...embedding.config, batch_input_shape: [32, 9] } };
    const model = await loadModel(await keras2({ config: [fixed, rnn, linear, activation] }), {
      onNote: () => undefined,
    });
    expect(model.getConfig().layers.at(-1)).toMatchObject({ className: "Dense", activation: "softmax" });
    const notes = await notesOf(await keras2({ config: [fixed, rnn, dense] }));
    expect(notes[0]).toBe('Embedding "embedding_1": the batch size 32 is ignored, any will do');
  });
});

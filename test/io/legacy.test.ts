import h5wasm from "h5wasm";
import { describe, expect, test } from "vitest";
import { inspectModel, loadModel, loadWeights } from "../../src/io/index";
import { writeHdf5 } from "../../src/io/hdf5/writer";
import type { Hdf5Dataset } from "../../src/io/hdf5/writer";
import { FormatError } from "../../src/runtime/errors";
import { assertThrows } from "../support/assert";
import { randomValues } from "../support/random";
import { untrained } from "./models";

const initializer = {
  class_name: "VarianceScaling",
  config: { scale: 1, mode: "fan_avg", distribution: "uniform", seed: null },
};
const embedding = {
  class_name: "Embedding",
  config: {
    name: "embedding_1",
    trainable: true,
    batch_input_shape: [null, 9],
    input_dim: 13,
    output_dim: 5,
    mask_zero: false,
  },
};
const rnn = {
  class_name: "SimpleRNN",
  config: {
    name: "simple_rnn_1",
    units: 7,
    activation: "tanh",
    use_bias: true,
    kernel_initializer: initializer,
    dropout: 0.2,
    kernel_regularizer: { class_name: "L1L2", config: { l1: 0, l2: 0.5 } },
    implementation: 0,
  },
};
const dense = {
  class_name: "Dense",
  config: { name: "dense_1", units: 1, activation: "sigmoid", use_bias: true },
};
const layers = [embedding, rnn, dense];

const plans: [layer: string, weight: string, shape: number[]][] = [
  ["embedding_1", "embedding_1/embeddings:0", [13, 5]],
  ["simple_rnn_1", "simple_rnn_1/kernel:0", [5, 7]],
  ["simple_rnn_1", "simple_rnn_1/recurrent_kernel:0", [7, 7]],
  ["simple_rnn_1", "simple_rnn_1/bias:0", [7]],
  ["dense_1", "dense_1/kernel:0", [7, 1]],
  ["dense_1", "dense_1/bias:0", [1]],
];

function values(index: number): Hdf5Dataset {
  const [, , shape] = plans[index];
  return {
    shape,
    data: randomValues(
      shape.reduce((a, b) => a * b),
      index + 1,
    ),
  };
}

interface Parts {
  config?: object;
  training?: object;
  optimizer?: [string, Hdf5Dataset][];
  /** In `save_weights` files the groups lie at the top. */
  atRoot?: boolean;
  /** Keras spreads names that are too long for one attribute. */
  spread?: boolean;
}

/** An `.h5` file as Keras 2 wrote it. */
function keras2({
  config = layers,
  training,
  optimizer,
  atRoot = false,
  spread = false,
}: Parts = {}): Promise<Uint8Array> {
  const names = ["embedding_1", "dropout_1", "simple_rnn_1", "dense_1"];
  const groups = Object.fromEntries(
    names.map((name) => {
      const own = plans.flatMap(([layer, path], i): [string, Hdf5Dataset][] =>
        layer === name ? [[path, values(i)]] : [],
      );
      const paths = own.map(([path]) => path);
      const attributes = spread
        ? Object.fromEntries(paths.map((path, i) => [`weight_names${i}`, [path]]))
        : { weight_names: paths };
      return [name, { attributes, datasets: own }];
    }),
  );
  if (atRoot) return writeHdf5({ attributes: { layer_names: names }, groups });
  const state = optimizer && {
    attributes: { weight_names: optimizer.map(([path]) => path) },
    datasets: optimizer,
  };
  return writeHdf5({
    attributes: {
      keras_version: "2.1.5",
      backend: "tensorflow",
      model_config: JSON.stringify({ class_name: "Sequential", config }),
      ...(training ? { training_config: JSON.stringify(training) } : {}),
    },
    groups: {
      model_weights: { attributes: { layer_names: names }, groups },
      ...(state ? { optimizer_weights: state } : {}),
    },
  });
}

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
    const { writer } = await inspectModel(await keras2());
    expect(writer).toBe("Keras 2.1.5 (tensorflow)");
    expect(await notesOf(await keras2())).toEqual([
      'SimpleRNN "simple_rnn_1": kernel_regularizer {"class_name":"L1L2","config":{"l1":0,"l2":0.5}} has no effect here',
    ]);
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
    const optimizer_config = { class_name: "Adam", config: { lr: 0.001, decay: 0.1 } };
    const compile = (changes: object): object => ({
      loss: "binary_crossentropy",
      metrics: [],
      optimizer_config,
      ...changes,
    });
    const adam = { class_name: "Adam", config: { lr: 0.001 } };
    const cases: [object, RegExp][] = [
      [compile({}), /the engine's Adam has no decay \(0.1\)/],
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
        [embedding, unknown, { ...unknown, class_name: "Masking" }, unknown, dense],
        /among InputLayer, .*, Flatten, got ConvLSTM2D \("conv_1", "conv_1"\), Masking/,
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

describe("what lies in the datasets", () => {
  async function withKernel(write: (group: InstanceType<typeof h5wasm.Group>) => void): Promise<Uint8Array> {
    const { FS } = await h5wasm.ready;
    FS.writeFile("/changed.h5", await keras2());
    const file = new h5wasm.File("/changed.h5", "a");
    const path = "model_weights/dense_1/dense_1";
    const group = file.get(path) as InstanceType<typeof h5wasm.Group>;
    file.create_soft_link("/nowhere", "unused");
    // HDF5 cannot take a name away here: the list of names is made to point at the new dataset instead.
    write(group);
    const layer = file.get("model_weights/dense_1") as InstanceType<typeof h5wasm.Group>;
    layer.delete_attribute("weight_names");
    layer.create_attribute("weight_names", ["dense_1/other", "dense_1/bias:0"], [2], "S16");
    file.close();
    const bytes = FS.readFile("/changed.h5");
    FS.unlink("/changed.h5");
    return bytes;
  }

  test("float64 is cast, and the cast is stated; names of fixed length are read", async () => {
    const data = Float64Array.from({ length: 7 }, (_, i) => (i + 1) / 3);
    const bytes = await withKernel((group) =>
      group.create_dataset({ name: "other", data, shape: [7, 1], dtype: "<d" }),
    );
    const notes: string[] = [];
    const model = await loadModel(bytes, { onNote: (note) => notes.push(note) });
    expect((await model.getWeights())[4].data).toEqual(Float32Array.from(data));
    expect(notes).toContain("weights stored as float64 are taken as float32");
  });

  test("texts, and no values at all, are refused", async () => {
    const texts = await withKernel((group) =>
      group.create_dataset({ name: "other", data: Array<string>(7).fill("x"), shape: [7, 1] }),
    );
    await assertThrows(
      () => loadModel(texts),
      FormatError,
      /numbers as "model_weights\/dense_1\/dense_1\/other"/,
    );
    const none = await withKernel(() => undefined);
    await assertThrows(
      () => loadModel(none),
      FormatError,
      /a dataset "model_weights.*other", got none; .*with its weights/,
    );
  });

  test("groups without datasets are no model", async () => {
    const empty = await writeHdf5({ groups: { layers: { groups: { dense: { groups: { vars: {} } } } } } });
    const model = untrained("plain");
    await assertThrows(
      () => loadWeights(model, empty),
      FormatError,
      /weights in the file, got groups without a dataset/,
    );
    const other = await writeHdf5({ groups: { data: {} } });
    await assertThrows(
      () => loadModel(other),
      FormatError,
      /model_config, layer_names or layers, got an empty one/,
    );
  });
});

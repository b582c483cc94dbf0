import { describe, expect, test } from "vitest";
import { adam, inverseTimeDecay, rmsprop } from "../../src/index";
import { loadModel } from "../../src/io/index";
import { stateFromVariables } from "../../src/io/keras/optimizer-state";
import { compileFromKeras } from "../../src/io/keras/training";
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
import { predictFloat64 } from "./float64";
import { keras2 } from "./keras2-file";

const adamOf = (config: object): object => ({
  class_name: "Adam",
  config: { learning_rate: 0.5, ...config },
});

/** What is made of a training configuration, and what is said about it. */
function taken(changes: object): [ReturnType<typeof compileFromKeras>, string[]] {
  const notes: string[] = [];
  const json = { optimizer_config: adamOf({}), loss: "binary_crossentropy", metrics: [], ...changes };
  return [compileFromKeras(json, notes), notes];
}

describe("training as files of different age state it", () => {
  test("an optimizer that scales the loss is the one inside it", () => {
    for (const key of ["inner_optimizer", "optimizer"]) {
      const config = { [key]: adamOf({ jit_compile: true, is_legacy_optimizer: true }), dynamic: true };
      const [compile, notes] = taken({ optimizer_config: { class_name: "LossScaleOptimizer", config } });
      expect(compile?.optimizer).toEqual(adam({ learningRate: 0.5 }));
      expect(notes).toEqual(["its loss is not scaled here: float32 needs no such"]);
    }
    const itself = { class_name: "LossScaleOptimizer", config: {} };
    const [compile, notes] = taken({ optimizer_config: { ...itself, config: { inner_optimizer: itself } } });
    expect(compile).toBeUndefined();
    expect(notes[0]).toMatch(/not the optimizer "LossScaleOptimizer"/);
  });

  test("decay: Keras 2's is a schedule, that of TF.js's RMSProp is rho", () => {
    const optimizer_config = { class_name: "Adam", config: { lr: 0.01, decay: 1e-3, beta_1: 0.8 } };
    const [compile] = taken({ optimizer_config });
    expect(compile?.optimizer).toEqual(adam({ learningRate: inverseTimeDecay(0.01, 1, 1e-3), beta1: 0.8 }));
    const config = { learningRate: 0.02, decay: 0.7, momentum: 0, epsilon: 1e-6, centered: false };
    const [ofTfjs] = taken({ optimizer_config: { class_name: "RMSProp", config } });
    expect(ofTfjs?.optimizer).toEqual(rmsprop({ learningRate: 0.02, rho: 0.7, epsilon: 1e-6 }));
    const camel = { learningRate: 0.02, beta1: 0.8, beta2: 0.99, epsilon: null };
    const [adamOfTfjs] = taken({ optimizer_config: { class_name: "Adam", config: camel } });
    expect(adamOfTfjs?.optimizer).toEqual(adam({ learningRate: 0.02, beta1: 0.8, beta2: 0.99 }));
    const [none, notes] = taken({ optimizer_config: { class_name: "Adam", config: { decay: 0.1 } } });
    expect(none).toBeUndefined();
    expect(notes[0]).toMatch(/decay of the optimizer is 0.1 with a rate of nothing/);
  });

  test("with decay, Keras 2's variables are one list behind the other all the same", () => {
    const plans = [
      { name: "a", shape: [2, 1] },
      { name: "b", shape: [1] },
    ];
    const variable = (shape: number[], ...data: number[]) => ({
      name: "",
      shape,
      data: Float64Array.from(data),
    });
    const variables = [
      variable([], 7),
      variable([2, 1], 1, 2),
      variable([1], 3),
      variable([2, 1], 4, 5),
      variable([1], 6),
    ];
    const decayed = adam({ learningRate: inverseTimeDecay(0.01, 1, 1e-3) });
    const state = stateFromVariables(variables, decayed, plans);
    expect(state).toMatchObject({
      iterations: 7,
      slots: {
        momentum: [{ data: Float32Array.of(1, 2) }, { data: Float32Array.of(3) }],
        velocity: [{ data: Float32Array.of(4, 5) }, { data: Float32Array.of(6) }],
      },
    });
  });

  test("a loss in a list or by its output's name; one that is no mean is not taken", () => {
    const focal = { class_name: "BinaryCrossentropy", config: { from_logits: true, reduction: "auto" } };
    for (const loss of ["binary_crossentropy", ["binary_crossentropy"], { dense_1: "binary_crossentropy" }]) {
      expect(taken({ loss })[0]?.loss.fromLogits).toBe(false);
    }
    expect(taken({ loss: { dense_1: focal } })[0]?.loss.fromLogits).toBe(true);
    const [compile, notes] = taken({ loss: { ...focal, config: { reduction: "sum" } } });
    expect(compile).toBeUndefined();
    expect(notes[0]).toMatch(/losses are means, not of reduction "sum"/);
    expect(taken({ loss: { a: "mse", b: "mse" } })[0]).toBeUndefined();
  });

  test("what changes a loss and the engine lacks is named, and the training not taken", () => {
    const loss = (config: object): object => ({
      loss: { class_name: "SparseCategoricalCrossentropy", config: { name: "x", ...config } },
    });
    const without = { ignore_class: null, axis: -1, label_smoothing: 0, reduction: "sum_over_batch_size" };
    for (const weights of [null, 1, [1], { dense_1: 1 }]) {
      expect(taken({ ...loss(without), loss_weights: weights })[0]?.loss.kind).toMatch(/^sparse/);
    }
    const refused: [object, RegExp][] = [
      [loss({ ignore_class: 0 }), /no ignore_class \(0\)/],
      [loss({ axis: 1 }), /no axis \(1\)/],
      [loss({ label_smoothing: 0.1 }), /no label_smoothing \(0.1\)/],
      [loss({ reduction: "mean_with_sample_weight" }), /not of reduction "mean_with_sample_weight"/],
      [{ loss_weights: 2 }, /no loss_weights \(2\)/],
      [{ loss_weights: [0.5] }, /no loss_weights/],
      [{ loss_weights: { dense_1: 0.5 } }, /no loss_weights/],
    ];
    for (const [changes, message] of refused) {
      const [compile, notes] = taken(changes);
      expect(compile, String(message)).toBeUndefined();
      expect(notes.join()).toMatch(message);
    }
  });

  test("the accuracy under each of its names; others are named", () => {
    const wrapper = (config: object): object => ({ class_name: "MeanMetricWrapper", config });
    const accuracies: unknown[] = [
      ["binary_accuracy"],
      [["sparse_categorical_accuracy"]],
      { dense_1: ["categorical_accuracy"] },
      { dense_1: "accuracy" },
      [[wrapper({ name: "accuracy", fn: "binary_accuracy" })]],
      [wrapper({ name: "right", fn: "binary_accuracy" })],
      [{ class_name: "BinaryAccuracy", config: { name: "right", threshold: 0.5 } }],
      [{ class_name: "function", config: "binary_accuracy" }],
    ];
    for (const metrics of accuracies) {
      const [compile, notes] = taken({ metrics });
      expect(compile?.metrics, JSON.stringify(metrics)).toEqual(["accuracy"]);
      expect(notes).toEqual([]);
    }
    expect(taken({ metrics: ["acc", null] })[0]?.metrics).toEqual(["acc"]);
    const [compile, notes] = taken({
      metrics: [{ class_name: "BinaryAccuracy", config: { name: "accuracy", threshold: 0.3 } }, "mae"],
    });
    expect(compile?.metrics).toEqual([]);
    expect(notes).toEqual(['metrics left out: "accuracy above 0.3", "mae"']);
    const [weighted, said] = taken({ metrics: ["acc"], weighted_metrics: ["acc"] });
    expect(weighted?.metrics).toEqual(["acc"]);
    expect(said).toEqual(['metrics left out: "acc by sample weight"']);
    expect(taken({ metrics: ["acc"], weighted_metrics: [] })[1]).toEqual([]);
  });

  test("layers that change training alone are left out, with a note", async () => {
    const weights = [table, ...lstmWeights, ...denseWeights];
    const notes: string[] = [];
    const noisy = [
      embedding,
      layer("GaussianNoise", "noise", { stddev: 0.1 }),
      lstm,
      layer("GaussianDropout", "drop", { rate: 0.5 }),
      layer("ActivityRegularization", "small", { l2: 0.01 }),
      dense,
    ];
    const made = await layersOf(files(sequential(noisy), weights), notes);
    expect(made.map((each) => (each as { className: string }).className)).toEqual([
      "InputLayer",
      "Embedding",
      "LSTM",
      "Dense",
    ]);
    expect(notes).toEqual([
      'GaussianNoise "noise" is left out: it changes nothing but training',
      'GaussianDropout "drop" is left out: it changes nothing but training',
      'ActivityRegularization "small" is left out: it changes nothing but training',
    ]);
  });

  test("what a layer's output adds to the loss, and limits of weights, are named at every layer", async () => {
    const weights = [table, ...lstmWeights, ...denseWeights];
    const notes: string[] = [];
    const penalty = { class_name: "L2", config: { l2: 0.01 } };
    const drop = layer("Dropout", "drop", { rate: 0.5, activity_regularizer: penalty });
    const limited = { ...dense, config: { ...dense.config, kernel_constraint: penalty } };
    await layersOf(files(sequential([embedding, drop, lstm, limited]), weights), notes);
    expect(notes).toEqual([
      expect.stringMatching(/^Dropout "drop": activity_regularizer .* has no effect here$/),
      expect.stringMatching(/^Dense "dense_1": kernel_constraint .* has no effect here$/),
    ]);
  });

  test("what is lacking for training alone leaves a model that predicts", async () => {
    const training = { optimizer_config: { class_name: "TFOptimizer", config: {} }, loss: "my_loss" };
    const model = await loadModel(await keras2({ training }), {
      onNote: () => undefined,
    });
    expect(model.getCompileConfig()).toBeUndefined();
    const [probability] = predictFloat64(model.getConfig().layers, await model.getWeights(), [[3, 7, 1, 12]]);
    expect(probability).toBeGreaterThan(0);
    expect(probability).toBeLessThan(1);
  });
});

describe("TF.js models saved with their optimizer", () => {
  test("its variables behind the weights are no weights", async () => {
    const weights = [table, ...lstmWeights, ...denseWeights];
    const source = files(sequential([embedding, lstm, dense]), [...weights, ["dense_1/kernel/m", [3, 1]]]);
    const json = JSON.parse(new TextDecoder().decode(source["model.json"] as Uint8Array)) as {
      trainingConfig: object;
      weightsManifest: { weights: { group?: string }[] }[];
    };
    json.weightsManifest[0].weights[weights.length].group = "optimizer";
    json.trainingConfig = {
      loss: "binary_crossentropy",
      metrics: ["acc"],
      optimizer_config: { class_name: "Adam", config: { learningRate: 0.02, beta1: 0.8 } },
    };
    const notes: string[] = [];
    const model = await loadModel(
      { ...source, "model.json": new TextEncoder().encode(JSON.stringify(json)) },
      { onNote: (note) => notes.push(note) },
    );
    expect(notes).toEqual(["the optimizer starts afresh: TF.js's variables are not read"]);
    expect(model.getCompileConfig()?.optimizer).toEqual(adam({ learningRate: 0.02, beta1: 0.8 }));
    expect((await model.getWeights())[0].data).toEqual(randomValues(18, 1));
  });
});

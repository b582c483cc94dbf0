import { describe, expect, test } from "vitest";
import { optimizerVariables, stateFromVariables } from "../../src/io/keras/optimizer-state";
import { compileFromKeras, compileToKeras } from "../../src/io/keras/training";
import {
  adam,
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  nadam,
  piecewiseConstantDecay,
  polynomialDecay,
  type LearningRateSchedule,
} from "../../src/index";
import { resolveLoss } from "../../src/model/losses";

const plans = [
  { name: "dense/kernel", shape: [2, 1] },
  { name: "dense/bias", shape: [1] },
];
const slot = (first: number) =>
  plans.map(({ name, shape }, i) => ({
    name,
    shape,
    data: Float32Array.from({ length: 2 - i }, (_, at) => first + 10 * i + at),
  }));
const state = { iterations: 2, learningRate: 0.5, slots: { momentum: slot(1), velocity: slot(100) } };
const optimizer = nadam({ learningRate: 0.5 });

/** Variables as a `.weights.h5` has them: in order, without names. */
const unnamed = <Variable extends object>(list: readonly Variable[]) =>
  list.map((variable) => ({ ...variable, name: "" }) as never);

describe("Nadam's variables in Keras's files", () => {
  const variables = optimizerVariables(optimizer, state, plans);

  test("as Keras 3 orders them, its product behind the slots", () => {
    expect(variables.map(({ name }) => name)).toEqual([
      "iteration",
      "learning_rate",
      "dense_kernel_momentum",
      "dense_kernel_velocity",
      "dense_bias_momentum",
      "dense_bias_velocity",
      "variable",
    ]);
    // u1·u2 = 0.9·(1 - 0.96/2) · 0.9·(1 - 0.96²/2)
    expect(variables.at(-1)?.data[0]).toBeCloseTo(0.468 * 0.48528, 6);
  });

  const [iteration, rate, km, kv, bm, bv, product] = variables;
  const orders: Record<string, readonly object[]> = {
    "weight by weight": variables,
    "the product first": [iteration, rate, product, km, kv, bm, bv],
    "slot by slot": [iteration, rate, km, bm, kv, bv, product],
  };
  for (const [name, list] of Object.entries(orders)) {
    test(`read back without names: ${name}`, () => {
      expect(stateFromVariables(unnamed(list), optimizer, plans)).toEqual(state);
    });
  }

  test("read back by names", () => {
    expect(stateFromVariables(variables as never[], optimizer, plans)).toEqual(state);
  });

  test("a schedule stands in the place of the learning rate's variable", () => {
    const scheduled = adam({ learningRate: exponentialDecay(1, 1, 0.5) });
    const list = optimizerVariables(scheduled, state, plans);
    expect(list.map(({ name }) => name).slice(0, 2)).toEqual(["iteration", "dense_kernel_momentum"]);
    expect(stateFromVariables(unnamed(list), scheduled, plans)).toMatchObject({
      iterations: 2,
      slots: state.slots,
    });
  });
});

describe("learning rate schedules in Keras's files", () => {
  const schedules: LearningRateSchedule[] = [
    exponentialDecay(0.1, 10, 0.5, { staircase: true }),
    piecewiseConstantDecay([1, 5], [0.3, 0.2, 0.1]),
    polynomialDecay(0.1, 7, { endLearningRate: 0.01, power: 2, cycle: true }),
    inverseTimeDecay(0.1, 10, 0.5),
    cosineDecay(0, 20, { alpha: 0.1, warmupTarget: 0.2, warmupSteps: 3 }),
    cosineDecay(0.1, 20),
    cosineDecayRestarts(0.1, 20, { tMul: 1.5, mMul: 0.9, alpha: 0.01 }),
  ];
  for (const schedule of schedules) {
    test(`${schedule.className}, there and back`, () => {
      const compile = {
        optimizer: nadam({ learningRate: schedule }),
        loss: resolveLoss("binaryCrossentropy"),
        metrics: [],
      };
      const notes: string[] = [];
      const json: unknown = JSON.parse(JSON.stringify(compileToKeras(compile)));
      expect(compileFromKeras(json, notes)).toEqual(compile);
      expect(notes).toEqual([]);
    });
  }

  const read = (learning_rate: unknown, notes: string[] = []) =>
    compileFromKeras({ optimizer: { class_name: "Adam", config: { learning_rate } }, loss: "mse" }, notes);

  test("as Keras writes one; arguments that it leaves out have its defaults", () => {
    const config = {
      initial_learning_rate: 0.01,
      decay_steps: 100,
      name: "CosineDecay",
      warmup_target: null,
    };
    const stored = {
      module: "keras.optimizers.schedules",
      class_name: "CosineDecay",
      config,
      registered_name: null,
    };
    expect(read(stored)?.optimizer.schedule).toEqual(cosineDecay(0.01, 100));
    const { optimizer } = compileToKeras({
      optimizer: adam({ learningRate: cosineDecay(0.01, 100) }),
      loss: resolveLoss("mse"),
      metrics: [],
    }) as { optimizer: { config: { learning_rate: unknown } } };
    expect(optimizer.config.learning_rate).toEqual({
      ...stored,
      config: { ...config, alpha: 0, warmup_steps: 0 },
    });
  });

  test("another schedule, or one with other numbers, leaves the model uncompiled, with a note", () => {
    for (const config of [
      { class_name: "Own", config: {} },
      { class_name: "ExponentialDecay", config: { initial_learning_rate: "fast" } },
      { class_name: "ExponentialDecay", config: { initial_learning_rate: 1 } },
    ]) {
      const notes: string[] = [];
      expect(read(config, notes)).toBeUndefined();
      expect(notes).toEqual([expect.stringContaining("not compiled as in the file")]);
    }
  });
});

import { describe, expect, test } from "vitest";
import {
  cosineDecay,
  cosineDecayRestarts,
  dense,
  embedding,
  exponentialDecay,
  InvalidInputError,
  inverseTimeDecay,
  learningRateScheduler,
  piecewiseConstantDecay,
  polynomialDecay,
  reduceLROnPlateau,
  sequential,
  sgd,
  simpleRNN,
  StateError,
  type Device,
  type LearningRateSchedule,
  type Optimizer,
  type Sequential,
} from "../../src/index";
import { scheduledRate } from "../../src/model/learning-rate-schedule";
import { useDevice } from "../runtime/use-device";
import { assertClose, assertEqual, assertThrows } from "../support/assert";

const gpuTest = useDevice();

describe("learning rate schedules, worked out by hand", () => {
  const cases: [name: string, schedule: LearningRateSchedule, rates: Record<number, number>][] = [
    [
      "exponentialDecay",
      exponentialDecay(0.1, 10, 0.25),
      { 0: 0.1, 5: 0.05, 10: 0.025, 20: 0.00625, 25: 0.003125 },
    ],
    [
      "exponentialDecay, staircase",
      exponentialDecay(0.1, 10, 0.25, { staircase: true }),
      { 0: 0.1, 9: 0.1, 10: 0.025, 19: 0.025, 20: 0.00625 },
    ],
    [
      "piecewiseConstantDecay: a boundary belongs to the value before it",
      piecewiseConstantDecay([3, 7], [1, 0.5, 0.1]),
      { 0: 1, 3: 1, 4: 0.5, 7: 0.5, 8: 0.1, 1000: 0.1 },
    ],
    [
      "polynomialDecay",
      polynomialDecay(0.5, 4, { endLearningRate: 0.1, power: 2 }),
      { 0: 0.5, 1: 0.4 * 0.5625 + 0.1, 2: 0.2, 4: 0.1, 9: 0.1 },
    ],
    ["polynomialDecay, by default", polynomialDecay(0.0101, 100), { 0: 0.0101, 50: 0.0051, 100: 0.0001 }],
    [
      "polynomialDecay, cycle",
      polynomialDecay(0.5, 4, { endLearningRate: 0.1, cycle: true }),
      { 0: 0.5, 2: 0.3, 4: 0.1, 5: 0.4 * 0.375 + 0.1, 8: 0.1, 9: 0.4 * 0.25 + 0.1 },
    ],
    ["inverseTimeDecay", inverseTimeDecay(0.3, 2, 0.5), { 0: 0.3, 1: 0.24, 2: 0.2, 4: 0.15 }],
    [
      "inverseTimeDecay, staircase",
      inverseTimeDecay(0.3, 2, 0.5, { staircase: true }),
      { 1: 0.3, 2: 0.2, 3: 0.2, 4: 0.15 },
    ],
    [
      "cosineDecay",
      cosineDecay(0.4, 6, { alpha: 0.5 }),
      { 0: 0.4, 2: 0.4 * (0.5 * 0.75 + 0.5), 3: 0.3, 6: 0.2, 99: 0.2 },
    ],
    [
      "cosineDecay, warm-up",
      cosineDecay(0.1, 6, { warmupTarget: 0.5, warmupSteps: 4 }),
      { 0: 0.1, 1: 0.2, 3: 0.4, 4: 0.5, 6: 0.375, 7: 0.25, 10: 0, 11: 0 },
    ],
    [
      "cosineDecayRestarts: periods of 4, 8, 16 steps",
      cosineDecayRestarts(0.8, 4, { mMul: 0.5 }),
      { 0: 0.8, 2: 0.4, 4: 0.4, 8: 0.2, 12: 0.2, 20: 0.1, 28: 0.1 },
    ],
    [
      "cosineDecayRestarts: equal periods, and a floor",
      cosineDecayRestarts(1, 4, { tMul: 1, mMul: 0.5, alpha: 0.2 }),
      { 0: 1, 2: 0.6, 4: 0.8 * 0.5 + 0.2, 6: 0.8 * 0.25 + 0.2, 8: 0.8 * 0.25 + 0.2 },
    ],
    // 1 + 3 + 9 + 27 + 81: log(243) / log(3) is rounded to below 5.
    ["cosineDecayRestarts: restarts on the step", cosineDecayRestarts(1, 1, { tMul: 3 }), { 4: 1, 121: 1 }],
  ];
  for (const [name, schedule, rates] of cases) {
    test(name, () => {
      const steps = Object.keys(rates).map(Number);
      const actual = steps.map((step) => scheduledRate(schedule, step));
      assertClose(actual, Object.values(rates), 1e-12, `steps ${steps.join(", ")}`);
    });
  }

  test("what makes no schedule is refused", () => {
    const wrong: [() => unknown, RegExp][] = [
      [() => exponentialDecay(0.1, 0, 0.5), /exponentialDecay: expected decaySteps .* more than 0, got 0/],
      [() => inverseTimeDecay(NaN, 1, 1), /initialLearningRate as a number of at least 0, got NaN/],
      [() => cosineDecay(0.1, 5, { warmup: 1 } as object), /options among alpha, .* got "warmup"/],
      [() => cosineDecayRestarts(0.1, 5, { tMul: 0.5 }), /tMul as a number of at least 1, got 0.5/],
      [() => piecewiseConstantDecay([1, 2], [0.1, 0.2]), /one value more than boundaries, got 2 for 2/],
      [() => piecewiseConstantDecay([2, 2], [1, 2, 3]), /boundaries in ascending order, got 2, 2/],
      [() => sgd({ learningRate: (() => 1) as never }), /learningRate as a number or a schedule/],
    ];
    for (const [make, message] of wrong) {
      expect(make).toThrow(InvalidInputError);
      expect(make).toThrow(message);
    }
  });
});

const tokens = [
  [3, 1, 2],
  [0, 4, 1],
];
const labels = [1, 0];

async function compiled(device: Device, optimizer: Optimizer): Promise<Sequential> {
  const model = sequential([embedding(5, 3), simpleRNN(4), dense(1, { activation: "sigmoid" })]);
  await model.compile({ optimizer, loss: "binaryCrossentropy", device, seed: 2 });
  return model;
}

describe("a schedule in training", () => {
  gpuTest("steps are those of plain rates, set step by step", async (device) => {
    const scheduled = await compiled(
      device,
      sgd({ learningRate: piecewiseConstantDecay([1], [0.5, 0.125]) }),
    );
    const plain = await compiled(device, sgd({ learningRate: 0.5 }));
    for (const rate of [0.5, 0.5, 0.125, 0.125]) {
      const state = await plain.getOptimizerState();
      await plain.setOptimizerState({ ...state, learningRate: rate });
      expect((await scheduled.getOptimizerState()).learningRate).toBe(rate);
      const logs = await plain.trainOnBatch(tokens, labels);
      expect(await scheduled.trainOnBatch(tokens, labels)).toEqual(logs);
    }
    assertEqual(await scheduled.getWeights(), await plain.getWeights(), "weights");
    scheduled.dispose();
    plain.dispose();
  });

  gpuTest("the rate follows from the iterations of a state, whatever it says of the rate", async (device) => {
    const model = await compiled(device, sgd({ learningRate: exponentialDecay(1, 1, 0.5) }));
    await model.setOptimizerState({ iterations: 3, learningRate: 7, slots: {} });
    expect((await model.getOptimizerState()).learningRate).toBe(0.125);
    model.dispose();
  });

  gpuTest("callbacks that set the rate are refused before the first step", async (device) => {
    const model = await compiled(device, sgd({ learningRate: cosineDecay(0.1, 10) }));
    const before = await model.getWeights();
    const callbacks = [
      learningRateScheduler((_epoch, rate) => rate / 2),
      reduceLROnPlateau({ monitor: "loss" }),
    ];
    for (const callback of callbacks) {
      await assertThrows(
        () => model.fit(tokens, labels, { callbacks: [callback] }),
        StateError,
        /(learningRateScheduler|reduceLROnPlateau): expected a learning rate that may be changed, got one that follows CosineDecay/,
      );
    }
    assertEqual(await model.getWeights(), before, "weights");
    model.dispose();
  });
});

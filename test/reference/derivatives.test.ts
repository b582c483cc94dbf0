import { describe, test } from "vitest";
import { assertClose, assertEqual } from "../support/assert";
import type { LayerDescription } from "../support/layers";
import { randomIntegers, randomTokens } from "../support/random";
import { tolerances } from "../support/tolerances";
import type { PointwiseActivation } from "./activation";
import { dot, doubles, numericGradient } from "./central-differences";
import { denseBackward, denseForward } from "./dense";
import { embeddingGradient, gatherEmbedding } from "./embedding";
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
} from "./loss";
import { ReferenceModel } from "./model";
import { weightPenalty } from "./regularization";
import { atLastState, lastState, scanBackward, scanForward } from "./scan";
import type { ScanShape } from "./scan";

const tolerance = tolerances.centralDifferences;

describe("derivatives of the float64 twins against central differences", () => {
  const activations: PointwiseActivation[] = ["tanh", "relu", "sigmoid", "linear"];
  const [batch, steps, units] = [3, 5, 4];
  const tokens = randomTokens({ batch, steps, vocabulary: 7 }, 5, "mixed");
  const masks = { "no mask": undefined, "a mask": tokens };

  for (const activation of activations) {
    for (const [maskName, mask] of Object.entries(masks)) {
      for (const goBackwards of [false, true]) {
        test(`scan: ${activation}, ${maskName}, ${goBackwards ? "backwards" : "forwards"}`, () => {
          checkScan({ batch, steps, units, activation, mask, goBackwards });
        });
      }
    }
  }

  test("last state: the adjoint of taking it", () => {
    const shape: ScanShape = { batch, steps, units, activation: "tanh" };
    const states = doubles(batch * steps * units, 1);
    const dLast = doubles(batch * units, 2);
    assertClose(
      [dot(lastState(states, shape), dLast)],
      [dot(states, atLastState(dLast, shape))],
      1e-12,
      "adjoint",
    );
  });

  test("embedding: repeated, unused and first rows", () => {
    const table = doubles(6 * 3, 1);
    const ids = Int32Array.from([0, 5, 2, 2, 0, 2]);
    const dOutput = doubles(ids.length * 3, 2);
    const f = (x: Float64Array): number => dot(gatherEmbedding(x, ids, 3), dOutput);
    assertClose(embeddingGradient(dOutput, ids, 6, 3), numericGradient(f, table), tolerance, "dTable");
  });

  test("dense", () => {
    const shape = { rows: 5, inputs: 3, units: 2 };
    const [x, kernel, bias, dZ] = [doubles(15, 1), doubles(6, 2), doubles(2, 3), doubles(10, 4)];
    const { dX, dKernel, dBias } = denseBackward(dZ, x, kernel, shape);
    const by = (f: (v: Float64Array) => Float64Array, at: Float64Array): Float64Array =>
      numericGradient((v) => dot(f(v), dZ), at);
    assertClose(
      dX,
      by((v) => denseForward(v, kernel, bias, shape), x),
      tolerance,
      "dX",
    );
    assertClose(
      dKernel,
      by((v) => denseForward(x, v, bias, shape), kernel),
      tolerance,
      "dKernel",
    );
    assertClose(
      dBias,
      by((v) => denseForward(x, kernel, v, shape), bias),
      tolerance,
      "dBias",
    );
  });

  const weighting = { weights: [0.5, 2, 1, 0, 3, 1], mask: [1, 1, 0, 1, 1, 1] };
  for (const [name, options] of Object.entries({ plain: {}, "weights and mask": weighting })) {
    test(`binary cross-entropy: ${name}`, () => {
      const logits = doubles(6, 1, 4);
      const labels = [0, 1, 1, 0.3, 1, 0];
      const { gradient } = binaryCrossentropy(logits, labels, options);
      const f = (z: Float64Array): number => binaryCrossentropy(z, labels, options).loss;
      assertClose(gradient, numericGradient(f, logits), tolerance, "by the logits");
    });

    test(`sparse categorical cross-entropy: ${name}`, () => {
      const logits = doubles(6 * 4, 1, 4);
      const labels = [3, 1, 0, 2, 2, 0];
      const { gradient } = sparseCategoricalCrossentropy(logits, labels, 4, options);
      const f = (z: Float64Array): number => sparseCategoricalCrossentropy(z, labels, 4, options).loss;
      assertClose(gradient, numericGradient(f, logits), tolerance, "by the logits");
    });

    test(`categorical cross-entropy: ${name}`, () => {
      const logits = doubles(6 * 4, 1, 4);
      const labels = doubles(6 * 4, 2).map(Math.abs);
      const { gradient } = categoricalCrossentropy(logits, labels, 4, options);
      const f = (z: Float64Array): number => categoricalCrossentropy(z, labels, 4, options).loss;
      assertClose(gradient, numericGradient(f, logits), tolerance, "by the logits");
    });

    test(`mean absolute error: ${name}`, () => {
      const [outputs, targets] = [doubles(12, 1), doubles(12, 2)];
      const { gradient } = meanAbsoluteError(outputs, targets, 2, options);
      const f = (y: Float64Array): number => meanAbsoluteError(y, targets, 2, options).loss;
      assertClose(gradient, numericGradient(f, outputs), tolerance, "by the outputs");
    });

    test(`mean squared error: ${name}`, () => {
      const [outputs, targets] = [doubles(12, 1), doubles(12, 2)];
      const { gradient } = meanSquaredError(outputs, targets, 2, options);
      const f = (y: Float64Array): number => meanSquaredError(y, targets, 2, options).loss;
      assertClose(gradient, numericGradient(f, outputs), tolerance, "by the outputs");
    });
  }

  test("regularisers", () => {
    const weight = doubles(7, 1);
    const factors = { l1: 0.3, l2: 0.7 };
    const f = (w: Float64Array): number => weightPenalty(w, factors).loss;
    assertClose(
      weightPenalty(weight, factors).gradient,
      numericGradient(f, weight),
      tolerance,
      "by the weight",
    );
    assertEqual([...weightPenalty([0], factors).gradient], [0], "at zero");
  });

  test("losses stay finite and exact far out", () => {
    assertClose([binaryCrossentropy([800, -800], [0, 0]).loss], [400], 1e-12, "binary");
    assertClose([sparseCategoricalCrossentropy([900, 0], [1], 2).loss], [900], 1e-12, "sparse");
    assertEqual(binaryCrossentropy([-800], [0]).loss, 0, "no loss where certain");
  });

  test("a stacked model with hidden dense layers, masked, weighted", checkModel);
});

function checkScan(shape: ScanShape): void {
  const { batch, steps, units } = shape;
  const size = batch * steps * units;
  const [z, kernel, dStates] = [doubles(size, 1), doubles(units * units, 2), doubles(size, 3)];
  const initialState = doubles(batch * units, 4);
  const run = (x: Float64Array, r: Float64Array, h: Float64Array): Float64Array =>
    scanForward(x, r, { ...shape, initialState: h });
  const states = run(z, kernel, initialState);
  const gradients = scanBackward(dStates, states, kernel, { ...shape, initialState });
  const by = (f: (v: Float64Array) => Float64Array, at: Float64Array): Float64Array =>
    numericGradient((v) => dot(f(v), dStates), at);
  assertClose(
    gradients.dZ,
    by((v) => run(v, kernel, initialState), z),
    tolerance,
    "dZ",
  );
  assertClose(
    gradients.dRecurrentKernel,
    by((v) => run(z, v, initialState), kernel),
    tolerance,
    "dRecurrentKernel",
  );
  assertClose(
    gradients.dInitialState,
    by((v) => run(z, kernel, v), initialState),
    tolerance,
    "dInitialState",
  );
}

function checkModel(): void {
  const rnn = { type: "simpleRNN", activation: "tanh", useBias: true } as const;
  const layers: LayerDescription[] = [
    { type: "embedding", name: "embedding", inputDim: 6, outputDim: 3, maskZero: true },
    { ...rnn, name: "simple_rnn", units: 4, returnSequences: true, goBackwards: true },
    { ...rnn, name: "simple_rnn_1", units: 2, useBias: false, returnSequences: true, goBackwards: false },
    { type: "dense", name: "dense", units: 3, activation: "tanh", useBias: true },
    { type: "dense", name: "dense_1", units: 1, activation: "sigmoid", useBias: true },
  ];
  const sizes = [18, 12, 16, 4, 8, 4, 6, 3, 3, 1];
  const weights = sizes.map((size, index) => doubles(size, index + 1));
  const [rows, steps] = [3, 4];
  const batch = {
    rows,
    tokens: randomTokens({ batch: rows, steps, vocabulary: 6 }, 3, "mixed"),
    labels: randomIntegers(rows * steps, 4, 0, 2),
    sampleWeights: [1, 0.5, 2],
  };
  const model = (values: readonly Float64Array[]): ReferenceModel =>
    new ReferenceModel(layers, values, {
      optimizer: { type: "sgd", learningRate: 0.1, momentum: 0, nesterov: false },
      loss: { name: "binaryCrossentropy", fromLogits: false },
    });
  model(weights)
    .lossAndGradients(batch)
    .gradients.forEach((gradient, index) => {
      const f = (v: Float64Array): number => model(weights.with(index, v)).lossAndGradients(batch).loss;
      assertClose(gradient, numericGradient(f, weights[index]), tolerance, `weight ${String(index)}`);
    });
}

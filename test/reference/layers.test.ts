import { describe, expect, test } from "vitest";
import { assertClose } from "../support/assert";
import type {
  BidirectionalDescription,
  Conv1dDescription,
  LayerDescription,
  MaxPooling1dDescription,
  RecurrentDescription,
} from "../support/layers";
import { randomIntegers, randomTokens } from "../support/random";
import { assertGradient, dot, doubles } from "./central-differences";
import type { DropPlan, Flow } from "./flow";
import { runLayer, weightCount } from "./layers";
import { ReferenceModel } from "./model";
import { gatesOf } from "./scan";

type Layer = Exclude<LayerDescription, { type: "embedding" }>;

const [batch, steps, width] = [5, 7, 3];
const mask = randomTokens({ batch, steps, vocabulary: 7 }, 5, "mixed");
const flow = (data: Float64Array, masked = false): Flow => ({
  ...{ data, batch, steps, width },
  ...(masked ? { mask } : {}),
});

const recurrent = (
  type: RecurrentDescription["type"],
  options: Partial<RecurrentDescription> = {},
): RecurrentDescription => ({
  ...{
    type,
    name: "rnn",
    units: 2,
    activation: "tanh",
    useBias: true,
    returnSequences: true,
    goBackwards: false,
  },
  ...options,
});
const bidirectional = (
  mergeMode: BidirectionalDescription["mergeMode"],
  layer: RecurrentDescription,
): BidirectionalDescription => ({ type: "bidirectional", name: "bi", mergeMode, layer });
const conv1d = (
  padding: Conv1dDescription["padding"],
  kernelSize: number,
  strides: number,
): Conv1dDescription => ({
  ...{ type: "conv1d", name: "conv", filters: 4, activation: "tanh", useBias: true },
  ...{ padding, kernelSize, strides },
});
const maxPooling1d = (
  padding: MaxPooling1dDescription["padding"],
  poolSize: number,
  strides: number,
): MaxPooling1dDescription => ({ type: "maxPooling1d", name: "pool", padding, poolSize, strides });

/** Sizes of a layer's weights, in order. */
function weightSizes(layer: Layer, inputs: number): number[] {
  switch (layer.type) {
    case "simpleRNN":
    case "lstm":
    case "gru": {
      const columns = gatesOf[layer.type] * layer.units;
      const bias = layer.type === "gru" && layer.resetAfter !== false ? 2 * columns : columns;
      return [inputs * columns, layer.units * columns, ...(layer.useBias ? [bias] : [])];
    }
    case "bidirectional":
      return [...weightSizes(layer.layer, inputs), ...weightSizes(layer.layer, inputs)];
    case "dense":
      return [inputs * layer.units, ...(layer.useBias ? [layer.units] : [])];
    case "timeDistributed":
      return weightSizes(layer.layer, inputs);
    case "conv1d":
      return [layer.kernelSize * inputs * layer.filters, ...(layer.useBias ? [layer.filters] : [])];
    default:
      return [];
  }
}

/** The derivatives by the input and every weight. */
function checkLayer(layer: Layer, masked = false, drop: DropPlan = {}): void {
  const x = doubles(batch * steps * width, 1);
  const weights = weightSizes(layer, width).map((size, i) => doubles(size, i + 2));
  expect(weights).toHaveLength(weightCount(layer));
  const run = (input: Float64Array, values: readonly Float64Array[]) =>
    runLayer(layer, values, flow(input, masked), { drop });
  const tape = run(x, weights);
  const dOutput = doubles(tape.output.data.length, 20);
  const { dInput, dWeights } = tape.backward(dOutput, false);
  assertGradient(dInput, (v) => dot(run(v, weights).output.data, dOutput), x, "dInput");
  weights.forEach((weight, i) => {
    const f = (v: Float64Array): number => dot(run(x, weights.with(i, v)).output.data, dOutput);
    assertGradient(dWeights[i], f, weight, `dWeights[${String(i)}]`);
  });
}

const factors = (size: number, seed: number): Int32Array =>
  randomIntegers(size, seed, 0, 2).map((keep) => 2 * keep);

describe("layers of the float64 twin against central differences", () => {
  const dense = { type: "dense", name: "dense", units: 4, useBias: true } as const;
  const layers: Record<string, Layer> = {
    lstm: recurrent("lstm"),
    "lstm, last state, no bias": recurrent("lstm", { returnSequences: false, useBias: false }),
    "gru, reset after": recurrent("gru"),
    "gru, reset before, backwards": recurrent("gru", { resetAfter: false, goBackwards: true }),
    "bidirectional, concat": bidirectional("concat", recurrent("lstm")),
    "bidirectional, sum": bidirectional("sum", recurrent("gru")),
    "bidirectional, mul": bidirectional("mul", recurrent("simpleRNN")),
    "bidirectional, ave": bidirectional("ave", recurrent("gru", { resetAfter: false })),
    "bidirectional, last states, mul": bidirectional("mul", recurrent("lstm", { returnSequences: false })),
    "hidden dense": { ...dense, activation: "softplus" },
    "hidden softmax": { ...dense, activation: "softmax" },
    "timeDistributed dense": { type: "timeDistributed", name: "td", layer: { ...dense, activation: "tanh" } },
    "conv1d, valid": conv1d("valid", 3, 2),
    "conv1d, same": conv1d("same", 4, 1),
    "conv1d, same, strides": conv1d("same", 2, 3),
    "conv1d, causal": conv1d("causal", 3, 2),
    "maxPooling1d, valid": maxPooling1d("valid", 3, 2),
    "maxPooling1d, same, overlapping": maxPooling1d("same", 4, 1),
    "maxPooling1d, same": maxPooling1d("same", 2, 2),
    globalAveragePooling1d: { type: "globalAveragePooling1d", name: "mean" },
    globalMaxPooling1d: { type: "globalMaxPooling1d", name: "max" },
    flatten: { type: "flatten", name: "flatten" },
    masking: { type: "masking", name: "masking", maskValue: 0 },
  };
  for (const [name, layer] of Object.entries(layers)) {
    test(name, () => {
      checkLayer(layer);
      checkLayer(layer, true);
    });
  }

  test("dropout", () => {
    const layer = { type: "dropout", name: "dropout", rate: 0.5 } as const;
    checkLayer(layer, false, { dropout: { input: factors(batch * steps * width, 1) } });
  });

  test("spatialDropout1d", () => {
    const layer = { type: "spatialDropout1d", name: "dropout", rate: 0.5 } as const;
    checkLayer(layer, false, { dropout: { input: factors(batch * width, 1) } });
  });

  for (const type of ["simpleRNN", "lstm", "gru"] as const) {
    const byGate = gatesOf[type];
    test(`${type}: input and recurrent dropout, by gate and in one`, () => {
      for (const gates of [1, byGate]) {
        const drop = { input: factors(batch * gates * width, 1), recurrent: factors(batch * gates * 2, 2) };
        checkLayer(recurrent(type), true, { rnn: drop });
        checkLayer(bidirectional("concat", recurrent(type)), true, {
          "bi/forward": drop,
          "bi/backward": drop,
        });
      }
    });
  }
});

describe("layers of the float64 twin, by hand", () => {
  const sequence: Flow = { data: Float64Array.of(1, 2, 4, 8, 16), batch: 1, steps: 5, width: 1 };
  const output = (layer: Layer, weights: readonly Float64Array[] = [], input = sequence): number[] => [
    ...runLayer(layer, weights, input).output.data,
  ];
  const linear = (padding: Conv1dDescription["padding"], kernelSize: number, strides: number) =>
    ({ ...conv1d(padding, kernelSize, strides), filters: 1, activation: "linear" }) as const;

  test("conv1d: where the windows lie", () => {
    const weights = [Float64Array.of(1, 10), Float64Array.of(100)];
    expect(output(linear("valid", 2, 1), weights)).toEqual([121, 142, 184, 268]);
    expect(output(linear("valid", 2, 2), weights)).toEqual([121, 184]);
    expect(output(linear("same", 2, 1), weights)).toEqual([121, 142, 184, 268, 116]);
    expect(output(linear("same", 2, 3), weights)).toEqual([121, 268]);
    expect(output(linear("causal", 2, 1), weights)).toEqual([110, 121, 142, 184, 268]);
    expect(output(linear("causal", 2, 2), weights)).toEqual([110, 142, 268]);
  });

  test("conv1d, same: the odd step of padding lies behind", () => {
    const weights = [Float64Array.of(1, 10, 100, 1000), Float64Array.of(0)];
    expect(output(linear("same", 4, 1), weights)).toEqual([4210, 8421, 16842, 1684, 168]);
  });

  test("maxPooling1d: where the windows lie, and the first of equals", () => {
    const ties: Flow = { ...sequence, data: Float64Array.of(-3, -1, -1, -5, -2) };
    expect(output(maxPooling1d("valid", 2, 2), [], ties)).toEqual([-1, -1]);
    expect(output(maxPooling1d("same", 2, 2), [], ties)).toEqual([-1, -1, -2]);
    expect(output(maxPooling1d("same", 3, 1), [], ties)).toEqual([-1, -1, -1, -1, -2]);
    const { dInput } = runLayer(maxPooling1d("valid", 4, 1), [], ties).backward(
      Float64Array.of(1, 10),
      false,
    );
    expect([...dInput]).toEqual([0, 11, 0, 0, 0]);
  });

  test("globalAveragePooling1d: masked steps do not count; a row of them gives zero", () => {
    const layer = { type: "globalAveragePooling1d", name: "mean" } as const;
    expect(output(layer)).toEqual([31 / 5]);
    expect(output(layer, [], { ...sequence, mask: [0, 3, 0, 1, 1] })).toEqual([26 / 3]);
    expect(output(layer, [], { ...sequence, mask: [0, 0, 0, 0, 0] })).toEqual([0]);
  });

  test("globalMaxPooling1d: masked steps count; equals share the derivative", () => {
    const layer = { type: "globalMaxPooling1d", name: "max" } as const;
    const ties: Flow = { ...sequence, data: Float64Array.of(-3, -1, -1, -5, -2), mask: [1, 0, 0, 1, 1] };
    expect(output(layer, [], ties)).toEqual([-1]);
    expect([...runLayer(layer, [], ties).backward(Float64Array.of(6), false).dInput]).toEqual([
      0, 3, 3, 0, 0,
    ]);
  });

  test("masking: steps that are the value throughout become zeros, and are marked", () => {
    const input: Flow = { data: Float64Array.of(2, 2, 2, 0, 5, 6), batch: 1, steps: 3, width: 2 };
    const { output: masked, backward } = runLayer({ type: "masking", name: "m", maskValue: 2 }, [], input);
    expect([...masked.data]).toEqual([0, 0, 2, 0, 5, 6]);
    expect([...Array.from(masked.mask!)]).toEqual([0, 1, 1]);
    expect([...backward(Float64Array.of(1, 2, 3, 4, 5, 6), false).dInput]).toEqual([0, 0, 3, 4, 5, 6]);
  });

  test("spatialDropout1d drops a feature at all steps; dropout a value", () => {
    const input: Flow = { data: Float64Array.of(1, 2, 3, 4), batch: 1, steps: 2, width: 2 };
    const run = (type: "dropout" | "spatialDropout1d", ...factor: number[]): number[] => [
      ...runLayer({ type, name: "d", rate: 0.5 }, [], input, { drop: { d: { input: factor } } }).output.data,
    ];
    expect(run("spatialDropout1d", 0, 2)).toEqual([0, 4, 0, 8]);
    expect(run("dropout", 0, 2, 2, 0)).toEqual([0, 4, 6, 0]);
  });

  test("bidirectional: token order, zeros at masked steps, forward weights first", () => {
    const layer = { ...recurrent("simpleRNN", { activation: "linear", useBias: false }), units: 1 };
    // Forward sums what came, backward sums twice what comes.
    const weights = [1, 1, 2, 1].map((weight) => Float64Array.of(weight));
    const input: Flow = { ...sequence, mask: [1, 1, 0, 1, 1] };
    const run = (mode: BidirectionalDescription["mergeMode"], options: Partial<RecurrentDescription> = {}) =>
      output(bidirectional(mode, { ...layer, ...options }), weights, input);
    expect(run("concat")).toEqual([1, 54, 3, 52, 0, 0, 11, 48, 27, 32]);
    expect(run("sum")).toEqual([55, 55, 0, 59, 59]);
    expect(run("mul")).toEqual([54, 156, 0, 528, 864]);
    expect(run("ave")).toEqual([27.5, 27.5, 0, 29.5, 29.5]);
    expect(run("concat", { returnSequences: false })).toEqual([27, 54]);
  });
});

test("a stateful model goes on where the batch before ended, until it is reset", () => {
  const names = ["lstm", "gru", "simpleRNN"] as const;
  const layers = (stateful: boolean): LayerDescription[] => [
    { type: "embedding", name: "embedding", inputDim: 9, outputDim: 2, maskZero: false },
    ...names.map((type) => ({ ...recurrent(type, { units: 2, stateful }), name: type })),
    { type: "dense", name: "dense", units: 1, activation: "sigmoid", useBias: true },
  ];
  const weights = [18, 16, 16, 8, 12, 12, 12, 4, 4, 2, 2, 1].map((size, i) => doubles(size, i + 1));
  const compilation = {
    optimizer: { type: "sgd", learningRate: 0.1, momentum: 0, nesterov: false },
    loss: { name: "binaryCrossentropy", fromLogits: false },
  } as const;
  const tokens = [...randomTokens({ batch: 1, steps: 6, vocabulary: 9 }, 3)];
  const whole = new ReferenceModel(layers(false), weights, compilation).predict(tokens, 1);
  const model = new ReferenceModel(layers(true), weights, compilation);
  for (const run of ["first", "after a reset"]) {
    const halves = [...model.predict(tokens.slice(0, 3), 1), ...model.predict(tokens.slice(3), 1)];
    assertClose(halves, whole, 1e-14, `outputs of the halves, ${run}`);
    model.resetStates();
  }
});

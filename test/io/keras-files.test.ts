import { beforeAll, describe, expect, test } from "vitest";
import { inspectModel, loadModel, loadWeights } from "../../src/io/index";
import type { Device } from "../../src/runtime/device";
import { FormatError } from "../../src/runtime/errors";
import { getSharedDevice } from "../support/adapter";
import { assertThrows } from "../support/assert";
import { hasShared, readShared } from "../support/shared-files";

interface Expected {
  models: Record<string, Model>;
}

/** What Keras itself computed with a model's files. */
interface Model {
  files: Record<"keras" | "h5" | "weights_h5", string>;
  inputs: number[][];
  labels: number[][];
  predict: number[][];
  weights: { path: string; shape: number[]; values: number[] | null; first8?: number[]; last8?: number[] }[];
  optimizer_variables: { path: string; shape: number[]; sum: number; first8: number[] }[];
  two_more_losses: number[];
  predict_after_two_more: number[][];
  evaluate: { acc: number; loss: number };
}

const here = hasShared("keras-files");
const { models } = here
  ? (JSON.parse(new TextDecoder().decode(readShared("keras-files/expected.json"))) as Expected)
  : { models: {} };
const quiet = { onNote: () => undefined };

/** The distance that the engine may have from Keras's float32; see test/support/tolerances.ts. */
const closeness = 2e-6;

function expectClose(got: ArrayLike<number>, expected: readonly number[], tolerance = closeness): void {
  expect(got.length).toBe(expected.length);
  expected.forEach((value, i) => expect(Math.abs(got[i] - value)).toBeLessThan(tolerance));
}

describe.skipIf(!here)("files that Keras 3.16 wrote (../shared/keras-files)", () => {
  let device: Device | undefined;
  beforeAll(async () => (device = await getSharedDevice()));

  for (const [name, expected] of Object.entries(models)) {
    for (const kind of ["keras", "h5"] as const) {
      test(`${name}.${kind}: weights, predictions, evaluation and two more steps`, async (context) => {
        const model = await loadModel(readShared(`keras-files/${expected.files[kind]}`), {
          ...quiet,
          device,
        });
        const weights = await model.getWeights();
        expected.weights.forEach(({ path, shape, values, first8, last8 }, i) => {
          expect(`sequential/${weights[i].name}`).toBe(path);
          expect(weights[i].shape).toEqual(shape);
          const { data } = weights[i];
          if (values) expect([...data]).toEqual(values);
          else expect([...data.slice(0, 8), ...data.slice(-8)]).toEqual([...first8!, ...last8!]);
        });
        const state = await model.getOptimizerState();
        expect(state.iterations).toBe(3);
        expect(state.learningRate).toBeCloseTo(expected.optimizer_variables[1].sum, 9);
        const slots = Object.entries(state.slots).flatMap(([slot, list]) =>
          list.map((weight) => [`${weight.name.replaceAll("/", "_")}_${slot}`, weight.data] as const),
        );
        const variables = expected.optimizer_variables.slice(2);
        expect(slots).toHaveLength(variables.length);
        for (const { path, first8 } of variables) {
          const slot = slots.find(([ending]) => path.endsWith(`/sequential_${ending}`));
          expect([...slot![1].slice(0, 8)], path).toEqual(first8);
        }
        if (!device) return context.skip();
        expectClose((await model.predict(expected.inputs)).data, expected.predict.flat());
        const labels = expected.labels.flat();
        const { loss, acc } = await model.evaluate(expected.inputs, labels);
        expectClose([loss, acc], [expected.evaluate.loss, expected.evaluate.acc]);
        for (const twoMore of expected.two_more_losses) {
          expectClose([(await model.trainOnBatch(expected.inputs, labels)).loss], [twoMore]);
        }
        expectClose((await model.predict(expected.inputs)).data, expected.predict_after_two_more.flat());
        model.dispose();
      });
    }

    test(`${name}.weights.h5 into a model, with the optimizer's state`, async (context) => {
      if (!device) return context.skip();
      const model = await loadModel(readShared(`keras-files/${expected.files.keras}`), { ...quiet, device });
      const weights = await model.getWeights();
      await model.compile({ ...model.getCompileConfig()!, device });
      await model.trainOnBatch(expected.inputs, expected.labels.flat());
      await loadWeights(model, readShared(`keras-files/${expected.files.weights_h5}`), quiet);
      expect(await model.getWeights()).toEqual(weights);
      for (const twoMore of expected.two_more_losses) {
        expectClose([(await model.trainOnBatch(expected.inputs, expected.labels.flat())).loss], [twoMore]);
      }
      model.dispose();
    });
  }

  test("who wrote a file, what it holds, and what is done otherwise", async () => {
    const file = await inspectModel(readShared("keras-files/seed_simplernn.h5"));
    expect(file).toMatchObject({ format: "h5", writer: "Keras 3.16.0 (torch)", metadata: {} });
    expect(file.tensors).toHaveLength(14);
    expect(file.notes).toEqual(['InputLayer "input_layer": the batch size 4 is ignored, any will do']);
    const alone = await inspectModel(readShared("keras-files/seed_simplernn.weights.h5"));
    expect(alone).toMatchObject({ format: "weights.h5", architecture: undefined, weights: [] });
    await assertThrows(
      () => loadModel(readShared("keras-files/seed_simplernn.weights.h5")),
      FormatError,
      /a file with the model's layers, got one of weights alone; make the model and call loadWeights/,
    );
  });
});

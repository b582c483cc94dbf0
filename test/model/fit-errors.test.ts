import { describe, expect } from "vitest";
import { InvalidInputError, type FitOptions } from "../../src/index";
import { useDevice } from "../runtime/use-device";
import { assertEqual, assertThrows } from "../support/assert";
import { compiled, untyped, x, y } from "./small-model";

const gpuTest = useDevice();

const flat = (data: number[], shape: number[]) => ({ data: Int32Array.from(data), shape });

/** Every way to spoil `fit`, and what its message must say. */
const badFits: Record<string, { x?: never; y?: never; options?: FitOptions; message: RegExp }> = {
  "a token id beyond the table": {
    x: untyped([[0, 10, 1, 1], x[1], x[2]]),
    message: /^fit: expected token ids that are whole numbers from 0 to 9 .*, got 10 in row 0, step 1; raise/,
  },
  "a negative token id": { x: untyped([x[0], [1, 1, 1, -1], x[2]]), message: /got -1 in row 1, step 3;/ },
  "a token id that is not whole": {
    x: untyped([x[0], x[1], [1.5, 1, 1, 1]]),
    message: /got 1.5 in row 2, step 0;/,
  },
  "a token id that is NaN": {
    x: untyped([x[0], x[1], [1, NaN, 1, 1]]),
    message: /got NaN in row 2, step 1;/,
  },
  "ragged rows": {
    x: untyped([x[0], [1, 2], x[2]]),
    message: /^fit: expected rows of one length \(4, as row 0\), got 2 ids in row 1; pad .*padSequences$/,
  },
  "a shape that does not match": {
    x: untyped(flat([1, 2, 3, 4, 5], [3, 2])),
    message: /expected x with shape \[rows, maxlen\].*, got shape \[3, 2\] and 5 ids;/,
  },
  "no rows": {
    x: untyped([]),
    y: untyped([]),
    message: /^fit: expected at least one row of token ids, got an empty/,
  },
  "no rows, flat": {
    x: untyped(flat([], [0, 4])),
    y: untyped([]),
    message: /expected at least one row and one step/,
  },
  "rows of nothing": { x: untyped([[], [], []]), message: /expected rows with at least one token id/ },
  "x is nothing": { x: untyped(null), message: /^fit: expected x as rows of token ids, got null; pass/ },
  "fewer labels than rows": {
    y: untyped([0, 1]),
    message: /^fit: expected one label per row of x \(3\), got 2; pass the labels of the same split$/,
  },
  "more labels than rows": { y: untyped([0, 1, 1, 0]), message: /one label per row of x \(3\), got 4;/ },
  "a label above 1": { y: untyped([0, 2, 1]), message: /labels from 0 to 1 .*, got 2 as label 1;/ },
  "a label below 0": { y: untyped([0, 1, -1]), message: /labels from 0 to 1 .*, got -1 as label 2;/ },
  "a label that is NaN": { y: untyped([NaN, 1, 1]), message: /got NaN as label 0;/ },
  "no epochs to speak of": {
    options: { epochs: 1.5 },
    message: /^fit: expected epochs as a whole number.*, got 1.5;/,
  },
  "a negative number of epochs": {
    options: { epochs: -1 },
    message: /epochs as a whole number of at least 0, got -1/,
  },
  "a batch of nothing": {
    options: { batchSize: 0 },
    message: /batchSize as a whole number from 1 .*, got 0;/,
  },
  "a batch that is too large": {
    options: { batchSize: 2 ** 24 + 1 },
    message: /from 1 to 16777216, got 16777217;/,
  },
  "a split of everything": {
    options: { validationSplit: 1 },
    message: /validationSplit as a number from 0 to below 1, got 1;/,
  },
  "a negative split": {
    options: { validationSplit: -0.1 },
    message: /got -0.1; pass another validationSplit/,
  },
  "a split that leaves nothing": {
    options: { validationSplit: 0.9 },
    message: /rows left for training and for validation, got 3 rows and validationSplit 0.9;/,
  },
  "an option of Keras's under its own name": {
    options: untyped({ validation_split: 0.5 }),
    message: /^fit: expected options among epochs, .*, got "validation_split"; remove/,
  },
  "too few sample weights": {
    options: { sampleWeight: [1, 2] },
    message: /one finite sample weight per row of x \(3\), got 2/,
  },
  "a sample weight that is NaN": {
    options: { sampleWeight: [1, NaN, 1] },
    message: /got 3, 2 of them finite;/,
  },
  "both kinds of weights": {
    options: { sampleWeight: [1, 1, 1], classWeight: { 1: 2 } },
    message: /expected classWeight or sampleWeight, got both;/,
  },
  "validation data of another length": {
    options: { validationData: { x: [[1, 2, 3]], y: [1] } },
    message: /^fit, validationData: expected validation rows of 4 steps, as in x, got 3;/,
  },
  "validation data with a weight too many": {
    options: { validationData: [[[1, 2, 3, 4]], [1], [1, 2]] },
    message: /^fit, validationData: expected .*1.*, got 2/,
  },
  "validation data with a wrong label": {
    options: { validationData: [[[1, 2, 3, 4]], [7]] },
    message: /^fit, validationData: expected labels from 0 to 1.*, got 7 as label 0;/,
  },
};

describe("bad input to fit: one clear error, and nothing has changed", () => {
  for (const [name, bad] of Object.entries(badFits)) {
    gpuTest(name, async (device) => {
      const model = await compiled(device);
      await model.trainOnBatch(x, y);
      const state = async () => ({
        weights: await model.getWeights(),
        slots: await model.getOptimizerSlots(),
      });
      const before = await state();
      await assertThrows(
        () => model.fit("x" in bad ? bad.x! : x, bad.y ?? y, bad.options),
        InvalidInputError,
        bad.message,
      );
      assertEqual(await state(), before, "state");
      const { history } = await model.fit(x, y);
      expect(history.loss[0]).toBeLessThan(2);
      model.dispose();
    });
  }
});

import { describe, test } from "vitest";
import { assertClose } from "../support/assert";
import { parseGolden } from "../support/goldens";
import type { FileTensor, FitGolden, Golden, StepGolden } from "../support/goldens";
import { hasShared, listShared, readShared } from "../support/shared-files";
import { goldenTolerance, tolerances } from "../support/tolerances";
import { evaluateReference, fitReference } from "./fit";
import { ReferenceModel } from "./model";

const folder = "keras-goldens";
const goldens = listShared(folder, ".safetensors").map((file) =>
  parseGolden(readShared(`${folder}/${file}`)),
);

describe.skipIf(!hasShared(folder))("float64 twin against Keras (../shared/keras-goldens)", () => {
  test("enough goldens were found", ({ expect }) => {
    expect(goldens.length).toBeGreaterThanOrEqual(63);
  });

  for (const golden of goldens) {
    test(golden.name, () => {
      if (golden.kind === "fit") checkFit(golden);
      else checkSteps(golden);
    });
  }
});

function checkSteps(golden: StepGolden): void {
  const { float32Error, tokens, labels } = golden;
  const rows = tokens.shape[0];
  const batch = { tokens: tokens.data, labels: labels.data, rows };
  const model = twinOf(golden);
  const predict = goldenTolerance(float32Error.predict);
  const final = goldenTolerance(float32Error.final);
  const trained = goldenTolerance(Math.max(float32Error.predict, float32Error.final));

  model.activations(tokens.data, rows).forEach((output, index) => {
    const act = golden.acts[index];
    assertClose(output, act.data, tolerances.goldenActivations, `output of ${act.name}`);
  });
  assertClose(model.predict(tokens.data, rows), golden.predict.data, predict, "predict");
  assertClose(model.predict(tokens.data, rows), golden.predict64.data, predict, "predict64");
  assertAll(model.lossAndGradients(batch).gradients, golden.grads, tolerances.goldenGradients, "gradient of");

  const results = golden.losses.reduce<{ loss: number; accuracy: number }[]>((list, _loss, step) => {
    list.push(model.trainOnBatch(batch));
    if (step === 0) assertAll(model.weights, golden.step1, final, "after step 1,");
    return list;
  }, []);
  const losses = results.map(({ loss }) => loss);
  // The float64 rerun did not start from the float32 weights in the file, so it is no closer than float32.
  const lossTolerance = goldenTolerance(float32Error.losses);
  assertClose(losses, golden.losses, lossTolerance, "losses");
  assertClose(losses, golden.losses64, lossTolerance, "losses64");
  assertClose(
    results.map(({ accuracy }) => accuracy),
    golden.accs,
    1e-6,
    "accs",
  );
  assertAll(model.weights, golden.final, final, "final");
  assertClose(model.predict(tokens.data, rows), golden.predictFinal.data, trained, "predict_final");
  assertAll(model.optimizer.slots(), golden.optVars, tolerances.goldenOptimizer, "slot");
}

function checkFit(golden: FitGolden): void {
  const data = { tokens: golden.tokens.data, labels: golden.labels.data, rows: golden.tokens.shape[0] };
  const model = twinOf(golden);
  const { batchSize } = golden.fit;
  const evaluate = (): number[] => {
    const { loss, acc } = evaluateReference(model, data, batchSize);
    return [loss, acc];
  };
  assertClose(evaluate(), golden.evaluateInit, tolerances.goldenFit, "evaluate_init");
  const history = fitReference(model, { ...data, sampleWeights: golden.fit.sampleWeight }, golden.fit);
  for (const [name, values] of Object.entries(golden.history)) {
    assertClose(history[name], values, tolerances.goldenFit, `history.${name}`);
  }
  assertAll(model.weights, golden.final, tolerances.goldenFit, "final");
  assertClose(evaluate(), golden.evaluateFinal, tolerances.goldenFit, "evaluate_final");
}

function twinOf(golden: Golden): ReferenceModel {
  const weights = golden.init.map((weight) => weight.data);
  return new ReferenceModel(golden.layers, weights, golden);
}

function assertAll(
  actual: readonly Float64Array[],
  expected: readonly FileTensor[],
  tolerance: { absolute: number; relative: number },
  label: string,
): void {
  expected.forEach((tensor, index) => {
    assertClose(actual[index], tensor.data, tolerance, `${label} ${tensor.name}`);
  });
}

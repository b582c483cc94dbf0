/** Checks of the whole engine against files; no test framework, so that they also run in a page. */
import type { Device, NamedWeight, Sequential } from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { ReferenceModel } from "../reference/model";
import { assertClose, assertEqual, assertTrue } from "../support/assert";
import { engineModel } from "../support/engine";
import type { FileTensor, FitGolden, Golden, Reference, StepGolden } from "../support/goldens";
import { goldenGradientTolerance, goldenTolerance, tolerances } from "../support/tolerances";

type NamedValues = Pick<FileTensor, "name"> & { readonly data: ArrayLike<number> };

/** Compares the engine with one file that Keras wrote. */
export async function checkGolden(device: Device, golden: Golden, scan: ScanShape): Promise<void> {
  const steps = golden.inputLength ?? undefined;
  const model = await engineModel(device, golden, { scan, steps, metric: golden.metrics[0] });
  try {
    await model.setWeights(golden.init.map(({ data }) => data as Float32Array));
    if (golden.kind === "fit") await checkFit(model, golden);
    else await checkSteps(model, golden);
  } finally {
    model.dispose();
  }
}

async function checkSteps(model: Sequential, golden: StepGolden): Promise<void> {
  const { float32Error, labels } = golden;
  const x = tokensOf(golden.tokens);
  const y = Array.from(labels.data);
  const predict = goldenTolerance(float32Error.predict);
  const final = goldenTolerance(float32Error.final);
  const prediction = await model.predict(x);
  assertEqual(prediction.shape, golden.predict.shape, "shape of predict");
  assertClose(prediction.data, golden.predict.data, predict, "predict");
  const losses: number[] = [];
  const accs: number[] = [];
  for (let step = 0; step < golden.losses.length; step++) {
    const { loss, acc } = await model.trainOnBatch(x, y);
    losses.push(loss);
    accs.push(acc);
    if (step > 0) continue;
    const expected = gradientsInFloat64(golden);
    assertAll(await model.getGradients(), expected, goldenGradientTolerance(float32Error), "gradient of");
    assertAll(await model.getWeights(), golden.step1, final, "after step 1,");
  }
  const lossTolerance = goldenTolerance(float32Error.losses);
  assertClose(losses, golden.losses, lossTolerance, "losses");
  assertClose(losses, golden.losses64, lossTolerance, "losses64");
  assertClose(accs, golden.accs, 1e-6, "accs");
  assertAll(await model.getWeights(), golden.final, final, "final");
  const trained = goldenTolerance(Math.max(float32Error.predict, float32Error.final));
  assertClose((await model.predict(x)).data, golden.predictFinal.data, trained, "predict_final");
  await checkSlots(model, golden);
}

/**
 * The twin's gradients, under the file's names. Keras's own are float32, too; test/reference/goldens.test.ts holds the
 * twin against them.
 */
function gradientsInFloat64(golden: StepGolden): NamedValues[] {
  const { layers, init, tokens, labels, grads } = golden;
  const twin = new ReferenceModel(
    layers,
    init.map(({ data }) => data),
    golden,
  );
  const batch = { tokens: tokens.data, labels: labels.data, rows: tokens.shape[0] };
  const { gradients } = twin.lossAndGradients(batch);
  return grads.map(({ name }, i) => ({ name, data: gradients[i] }));
}

/** Keras interleaves the slots of some optimizers; the names tell them apart. */
async function checkSlots(model: Sequential, golden: StepGolden): Promise<void> {
  let compared = 0;
  for (const [slot, weights] of Object.entries(await model.getOptimizerSlots())) {
    const expected = golden.optVars.filter(({ name }) => name.endsWith(`_${slot}`));
    assertEqual(weights.length, expected.length, `number of ${slot} variables`);
    expected.forEach(({ data }, i) => {
      assertClose(weights[i].data, data, tolerances.goldenOptimizer, `${slot} of ${weights[i].name}`);
    });
    compared += expected.length;
  }
  assertEqual(compared, golden.optVars.length, "number of optimizer variables compared");
}

async function checkFit(model: Sequential, golden: FitGolden): Promise<void> {
  const x = tokensOf(golden.tokens);
  const y = Array.from(golden.labels.data);
  const { batchSize, epochs, validationSplit, classWeight, sampleWeight } = golden.fit;
  const evaluate = async (): Promise<number[]> => Object.values(await model.evaluate(x, y, { batchSize }));
  assertClose(await evaluate(), golden.evaluateInit, tolerances.goldenFit, "evaluate_init");
  const weighted = { ...(classWeight ? { classWeight } : {}), ...(sampleWeight ? { sampleWeight } : {}) };
  const options = { batchSize, epochs, validationSplit, shuffle: false, ...weighted };
  const { history } = await model.fit(x, y, options);
  assertEqual(Object.keys(history).sort(), Object.keys(golden.history).sort(), "names in the history");
  for (const [name, values] of Object.entries(golden.history)) {
    assertClose(history[name], values, tolerances.goldenFit, `history.${name}`);
  }
  assertClose(await evaluate(), golden.evaluateFinal, tolerances.goldenFit, "evaluate_final");
  assertAll(await model.getWeights(), golden.final, tolerances.goldenFit, "final");
}

/** Compares the engine with one float64 training run. */
export async function checkReference(
  device: Device,
  reference: Reference,
  scan: ScanShape,
  imdb: boolean,
): Promise<void> {
  const { batch, timeSteps, trainingSteps, tokens, labels } = reference;
  const model = await engineModel(device, reference, { scan });
  try {
    await model.setWeights(reference.init.map(({ data }) => data as Float32Array));
    const x = (step: number): { data: Int32Array; shape: number[] } => ({
      data: tokens.slice(step * batch * timeSteps, (step + 1) * batch * timeSteps),
      shape: [batch, timeSteps],
    });
    const { data } = await model.predict(x(0), { batchSize: batch });
    assertClose(data, reference.probabilities, tolerances.referenceLogits, "step0.probabilities");
    const losses: number[] = [];
    for (let step = 0; step < trainingSteps; step++) {
      const y = labels.slice(step * batch, (step + 1) * batch);
      losses.push((await model.trainOnBatch(x(step), y)).loss);
      if (step === 0) {
        assertAll(await model.getGradients(), reference.grads, tolerances.referenceGradients, "gradient of");
      }
    }
    const [lossTolerance, final] = imdb
      ? [tolerances.referenceImdbLosses, tolerances.referenceImdbFinal]
      : [tolerances.referenceLosses, tolerances.referenceFinal];
    assertClose(losses, reference.losses, lossTolerance, "losses");
    assertAll(await model.getWeights(), reference.final, final, "final");
  } finally {
    model.dispose();
  }
}

function tokensOf({ data, shape }: FileTensor): { data: Int32Array; shape: readonly number[] } {
  assertTrue(data instanceof Int32Array, "expected tokens as Int32Array");
  return { data, shape };
}

function assertAll(
  actual: readonly NamedWeight[],
  expected: readonly NamedValues[],
  tolerance: Parameters<typeof assertClose>[2],
  label: string,
): void {
  assertEqual(
    actual.map(({ name }) => name),
    expected.map(({ name }) => name),
    `names, ${label}`,
  );
  expected.forEach(({ name, data }, i) => {
    assertClose(actual[i].data, data, tolerance, `${label} ${name}`);
  });
}

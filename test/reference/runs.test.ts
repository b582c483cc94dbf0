import { describe, test } from "vitest";
import { assertClose } from "../support/assert";
import { parseReference } from "../support/goldens";
import type { FileTensor, Reference } from "../support/goldens";
import { hasShared, readShared } from "../support/shared-files";
import { tolerances } from "../support/tolerances";
import { ReferenceModel } from "./model";

const folder = "reference";

describe.skipIf(!hasShared(folder))("float64 twin against PyTorch (../shared/reference)", () => {
  for (const name of ["tiny", "odd", "wide", "relu"]) {
    test(name, () => {
      const reference = load(name);
      const model = twinOf(reference);
      checkFirstStep(model, reference);
      const losses = Array.from(
        reference.losses,
        (_, step) => model.trainOnBatch(batchOf(reference, step)).loss,
      );
      assertClose(losses, reference.losses, tolerances.float64, "losses");
      assertAll(model.weights, reference.final, "final");
    });
  }

  test("imdb, first step", () => {
    const reference = load("imdb");
    checkFirstStep(twinOf(reference), reference);
  });
});

function checkFirstStep(model: ReferenceModel, reference: Reference): void {
  const batch = batchOf(reference, 0);
  const activations = model.activations(batch.tokens, reference.batch);
  assertClose(activations[1], reference.lastHidden, tolerances.float64, "last hidden");
  assertClose(activations[2], reference.probabilities, tolerances.float64, "probabilities");
  assertClose(model.logits(batch.tokens, reference.batch), reference.logits, tolerances.float64, "logits");
  const { loss, gradients } = model.lossAndGradients(batch);
  assertClose([loss], reference.losses.subarray(0, 1), tolerances.float64, "loss");
  assertAll(gradients, reference.grads, "gradient of");
}

function load(name: string): Reference {
  return parseReference(readShared(`${folder}/simple_rnn_${name}.safetensors`));
}

function twinOf(reference: Reference): ReferenceModel {
  const weights = reference.init.map((weight) => weight.data);
  return new ReferenceModel(reference.layers, weights, reference);
}

function batchOf({ tokens, labels, batch, timeSteps }: Reference, step: number) {
  const size = batch * timeSteps;
  return {
    tokens: tokens.subarray(step * size, (step + 1) * size),
    labels: labels.subarray(step * batch, (step + 1) * batch),
    rows: batch,
  };
}

function assertAll(actual: readonly Float64Array[], expected: readonly FileTensor[], label: string): void {
  expected.forEach((tensor, index) => {
    const stored32 = tensor.data instanceof Float32Array;
    const tolerance = stored32 ? tolerances.float64Stored32 : tolerances.float64;
    assertClose(actual[index], tensor.data, tolerance, `${label} ${tensor.name}`);
  });
}

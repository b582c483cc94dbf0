/** Trains an engine's model and its float64 twin side by side. */
import type { Device, Sequential } from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { ReferenceModel } from "../reference/model";
import { assertClose } from "../support/assert";
import { engineModel } from "../support/engine";
import type { EmbeddingDescription, LayerDescription } from "../support/layers";
import { randomIntegers, randomTokens, randomValues, type Padding } from "../support/random";
import { tolerances } from "../support/tolerances";

export interface Net {
  readonly layers: readonly LayerDescription[];
  readonly batch: number;
  readonly steps: number;
  readonly padding: Padding;
  /** Default binary cross-entropy. */
  readonly classes?: number;
  /** Whether the model begins with an input layer of that many steps. */
  readonly fixed?: boolean;
  /** Steps of the time loop in one dispatch, where that is not left to the engine. */
  readonly chunkSteps?: number;
  /** Tokens whose rows of the table are one value throughout. */
  readonly blank?: { readonly tokens: readonly number[]; readonly value: number };
}

const optimizer = { type: "sgd", learningRate: 0.1, momentum: 0.5, nesterov: false } as const;
const trainingSteps = 3;

/** Compares predictions, losses, all gradients and the weights of three steps. */
export async function checkAgainstTwin(device: Device, net: Net, scan: ScanShape): Promise<void> {
  const { layers, batch, steps, padding, classes, fixed, chunkSteps, blank } = net;
  const loss = {
    name: classes ? "sparseCategoricalCrossentropy" : "binaryCrossentropy",
    fromLogits: false,
  } as const;
  const options = { scan, chunkSteps, steps: fixed ? steps : undefined };
  const model = await engineModel(device, { layers, optimizer, loss }, options);
  try {
    const weights = (await model.getWeights()).map(({ shape, data }, i) => {
      const scale = Math.min(1, 2 / shape[0]);
      return randomValues(data.length, i + 1, scale);
    });
    const { outputDim } = layers[0] as EmbeddingDescription;
    blank?.tokens.forEach((token) => {
      weights[0].fill(blank.value, token * outputDim, (token + 1) * outputDim);
    });
    await model.setWeights(weights);
    const { vocabulary, layers: plans } = model.architecture;
    const [, outputSteps] = plans[plans.length - 1].outputShape(steps);
    const perRow = model.architecture.sequences ? outputSteps! : 1;
    const tokens = randomTokens({ batch, steps, vocabulary }, 21, padding);
    const labels = randomIntegers(batch * perRow, 22, 0, classes ?? 2);
    const twin = new ReferenceModel(layers, weights, { optimizer, loss });
    await compare(model, twin, { tokens, labels, rows: batch }, [batch, steps]);
  } finally {
    model.dispose();
  }
}

async function compare(
  model: Sequential,
  twin: ReferenceModel,
  batch: { tokens: Int32Array; labels: Int32Array; rows: number },
  shape: number[],
): Promise<void> {
  const x = { data: batch.tokens, shape };
  const tolerance = { absolute: 1e-6, relative: tolerances.referenceGradients.relative };
  assertClose((await model.predict(x)).data, twin.predict(batch.tokens, batch.rows), 4e-6, "predict");
  for (let step = 0; step < trainingSteps; step++) {
    const { gradients } = twin.lossAndGradients(batch);
    const expected = twin.trainOnBatch(batch);
    const actual = await model.trainOnBatch(x, batch.labels);
    assertClose(
      [actual.loss, actual.acc],
      [expected.loss, expected.accuracy],
      1e-5,
      `loss and acc of step ${step}`,
    );
    (await model.getGradients()).forEach(({ name, data }, i) => {
      assertClose(data, gradients[i], tolerance, `gradient of ${name} in step ${step}`);
    });
  }
  (await model.getWeights()).forEach(({ name, data }, i) => {
    assertClose(data, twin.weights[i], tolerance, `final ${name}`);
  });
}

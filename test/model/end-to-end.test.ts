import { describe } from "vitest";
import type { Device, Sequential } from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { ReferenceModel } from "../reference/model";
import { useDevice } from "../runtime/use-device";
import { assertClose } from "../support/assert";
import { engineModel } from "../support/engine";
import type {
  DenseDescription,
  EmbeddingDescription,
  LayerDescription,
  RecurrentDescription,
} from "../support/layers";
import { randomIntegers, randomTokens, randomValues, type Padding } from "../support/random";
import { tolerances } from "../support/tolerances";

const gpuTest = useDevice();

const table = (inputDim: number, outputDim: number, maskZero = false): EmbeddingDescription => ({
  type: "embedding",
  name: "embedding",
  inputDim,
  outputDim,
  maskZero,
});

const recurrent = (units: number, options: Partial<RecurrentDescription> = {}): RecurrentDescription => ({
  type: "simpleRNN",
  name: `simple_rnn_${units}`,
  units,
  activation: "tanh",
  useBias: true,
  returnSequences: false,
  goBackwards: false,
  ...options,
});

const full = (units: number, activation: DenseDescription["activation"]): DenseDescription => ({
  type: "dense",
  name: `dense_${units}`,
  units,
  activation,
  useBias: true,
});

const sequences = { returnSequences: true };
const head = full(1, "sigmoid");

interface Net {
  readonly layers: readonly LayerDescription[];
  readonly batch: number;
  readonly steps: number;
  readonly padding: Padding;
  /** Default binary cross-entropy. */
  readonly classes?: number;
}

/** Nets and sizes of which nothing is a multiple of anything. */
const nets: Record<string, Net> = {
  "one sample, one step": { layers: [table(2, 1), recurrent(1), head], batch: 1, steps: 1, padding: "none" },
  "tokens in more rows than a task takes": {
    layers: [table(3, 5), recurrent(7), head],
    batch: 11,
    steps: 37,
    padding: "left",
  },
  "stacked, with a shared prefix": {
    layers: [table(13, 5), recurrent(6, sequences), recurrent(3, { activation: "relu" }), head],
    batch: 7,
    steps: 9,
    padding: "left",
  },
  "stacked, backwards in between": {
    layers: [
      table(13, 3),
      recurrent(6, sequences),
      recurrent(5, { ...sequences, goBackwards: true }),
      recurrent(3),
      head,
    ],
    batch: 5,
    steps: 7,
    padding: "left",
  },
  "masked, backwards": {
    layers: [table(11, 4, true), recurrent(5, { goBackwards: true, activation: "sigmoid" }), head],
    batch: 6,
    steps: 8,
    padding: "mixed",
  },
  "hidden dense layers": {
    layers: [table(11, 4), recurrent(5), full(9, "relu"), full(3, "tanh"), head],
    batch: 6,
    steps: 5,
    padding: "left",
  },
  "a dense layer before the recurrence": {
    layers: [table(11, 4), full(3, "tanh"), recurrent(5), head],
    batch: 6,
    steps: 8,
    padding: "left",
  },
  "sequences into a dense layer for each step": {
    layers: [table(11, 4), recurrent(5, sequences), full(3, "sigmoid"), full(1, "sigmoid")],
    batch: 5,
    steps: 6,
    padding: "left",
  },
  "classes at each step": {
    layers: [table(11, 4), recurrent(5, sequences), full(7, "softmax")],
    batch: 3,
    steps: 9,
    padding: "none",
    classes: 7,
  },
  "no recurrence, the mask in the loss": {
    layers: [table(11, 4, true), full(1, "sigmoid")],
    batch: 4,
    steps: 6,
    padding: "mixed",
  },
  "units beyond one workgroup": {
    layers: [table(5, 3), recurrent(263), head],
    batch: 3,
    steps: 4,
    padding: "left",
  },
};

const optimizer = { type: "sgd", learningRate: 0.1, momentum: 0.5, nesterov: false } as const;
const trainingSteps = 3;

async function check(device: Device, net: Net, scan: ScanShape): Promise<void> {
  const { layers, batch, steps, padding, classes } = net;
  const loss = {
    name: classes ? "sparseCategoricalCrossentropy" : "binaryCrossentropy",
    fromLogits: false,
  } as const;
  const model = await engineModel(device, { layers, optimizer, loss }, { scan });
  try {
    const weights = (await model.getWeights()).map(({ shape, data }, i) => {
      const scale = Math.min(1, 2 / shape[0]);
      return randomValues(data.length, i + 1, scale);
    });
    await model.setWeights(weights);
    const { vocabulary, sequences: perStep } = model.architecture;
    const tokens = randomTokens({ batch, steps, vocabulary }, 21, padding);
    const labels = randomIntegers(perStep ? batch * steps : batch, 22, 0, classes ?? 2);
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

for (const scan of ["narrow", "wide"] as const) {
  describe(`the engine against the float64 twin, ${scan}`, () => {
    for (const [name, net] of Object.entries(nets)) {
      if (scan === "narrow" && name.startsWith("units beyond")) continue;
      gpuTest(name, (device) => check(device, net, scan));
    }
  });
}

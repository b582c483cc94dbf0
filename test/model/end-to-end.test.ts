import { describe } from "vitest";
import { useDevice } from "../runtime/use-device";
import type { DenseDescription, EmbeddingDescription, RecurrentDescription } from "../support/layers";
import { checkAgainstTwin, type Net } from "./against-twin";

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

for (const scan of ["narrow", "wide"] as const) {
  describe(`the engine against the float64 twin, ${scan}`, () => {
    for (const [name, net] of Object.entries(nets)) {
      if (scan === "narrow" && name.startsWith("units beyond")) continue;
      gpuTest(name, (device) => checkAgainstTwin(device, net, scan));
    }
  });
}

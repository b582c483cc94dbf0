import { describe } from "vitest";
import { useDevice } from "../runtime/use-device";
import type { Padding } from "../support/random";
import type { RecurrentDescription, TimeDistributedDescription } from "../support/layers";
import { checkAgainstTwin, type Net } from "./against-twin";
import { both, full, head, recurrent, sequences, table } from "./recurrent-nets";

const gpuTest = useDevice();

const perStep = (units: number, activation: "tanh" | "sigmoid"): TimeDistributedDescription => ({
  type: "timeDistributed",
  name: `time_distributed_${units}`,
  layer: full(units, activation),
});

const before: Partial<RecurrentDescription> = { resetAfter: false };
const hard: Partial<RecurrentDescription> = { recurrentActivation: "hardSigmoid", activation: "softsign" };

/** lstm → gru → bidirectional, of odd sizes, on rows that are padded in some way. */
const stack = (maskZero: boolean, padding: Padding, batch: number, steps: number): Net => ({
  layers: [
    table(13, 3, maskZero),
    recurrent("lstm", 5, sequences),
    recurrent("gru", 7, { ...sequences, ...(maskZero ? before : {}) }),
    both(recurrent("lstm", 3)),
    head,
  ],
  batch,
  steps,
  padding,
});

const nets: Record<string, Net> = {
  "lstm, gru, bidirectional lstm": stack(false, "left", 6, 9),
  "lstm, gru, bidirectional lstm on one sample of one step": stack(false, "none", 1, 1),
  "lstm, gru, bidirectional lstm behind a mask": stack(true, "mixed", 9, 7),
  "lstm on a shared prefix": {
    layers: [table(11, 4), recurrent("lstm", 6), head],
    batch: 7,
    steps: 13,
    padding: "left",
  },
  "gru on a shared prefix, then simpleRNN": {
    layers: [table(11, 4), recurrent("gru", 6, sequences), recurrent("simpleRNN", 5), head],
    batch: 7,
    steps: 13,
    padding: "left",
  },
  "gru that resets before the product, on a shared prefix": {
    layers: [table(11, 4), recurrent("gru", 6, before), head],
    batch: 7,
    steps: 13,
    padding: "left",
  },
  "two bidirectional layers, masked": {
    layers: [
      table(11, 4, true),
      both(recurrent("gru", 5, { ...sequences, ...before }), "mul"),
      both(recurrent("simpleRNN", 3, { activation: "relu" }), "ave"),
      head,
    ],
    batch: 7,
    steps: 8,
    padding: "mixed",
  },
  "two bidirectional layers of sequences": {
    layers: [
      table(11, 4),
      both(recurrent("lstm", 5, sequences), "sum"),
      both(recurrent("gru", 3, sequences)),
      full(3, "softmax"),
    ],
    batch: 5,
    steps: 6,
    padding: "none",
    classes: 3,
  },
  "backwards, hard gates": {
    layers: [
      table(11, 4, true),
      recurrent("lstm", 5, { ...sequences, ...hard, goBackwards: true }),
      recurrent("gru", 6, { ...hard, goBackwards: true }),
      head,
    ],
    batch: 6,
    steps: 7,
    padding: "mixed",
  },
  "without biases": {
    layers: [
      table(11, 4),
      recurrent("gru", 5, { ...sequences, useBias: false }),
      recurrent("lstm", 4, { useBias: false }),
      head,
    ],
    batch: 5,
    steps: 6,
    padding: "left",
  },
  "a dense layer for each step between recurrent ones": {
    layers: [
      table(11, 4),
      recurrent("lstm", 5, sequences),
      perStep(4, "tanh"),
      recurrent("gru", 3, sequences),
      perStep(1, "sigmoid"),
    ],
    batch: 5,
    steps: 6,
    padding: "left",
  },
  "hidden dense layers of other activations": {
    layers: [
      table(11, 4),
      recurrent("gru", 5),
      full(7, "elu"),
      full(6, "softplus"),
      full(5, "leakyRelu"),
      full(4, "hardSigmoid"),
      head,
    ],
    batch: 6,
    steps: 5,
    padding: "left",
  },
};

for (const scan of ["narrow", "wide"] as const) {
  describe(`cells and directions against the float64 twin, ${scan}`, () => {
    for (const [name, net] of Object.entries(nets)) {
      gpuTest(name, (device) => checkAgainstTwin(device, net, scan));
    }
  });
}

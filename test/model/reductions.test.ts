import { describe } from "vitest";
import { useDevice } from "../runtime/use-device";
import { checkAgainstTwin, type Net } from "./against-twin";
import { full, head, masking, recurrent, sequences, table } from "./recurrent-nets";

const gpuTest = useDevice();

/** What one workgroup sums up in small nets; here there are more than 16,384 terms. */
const nets: Record<string, Net> = {
  "weights that add to the loss": {
    layers: [
      { ...table(1000, 20), embeddingsRegularizer: { l1: 1e-4, l2: 1e-3 } },
      recurrent("simpleRNN", 3),
      head,
    ],
    batch: 5,
    steps: 6,
    padding: "left",
  },
  "steps behind a mask": {
    layers: [table(9, 3), masking(0), recurrent("simpleRNN", 3, sequences), full(2, "softmax")],
    batch: 300,
    steps: 60,
    padding: "mixed",
    classes: 2,
    blank: { tokens: [0, 4], value: 0 },
  },
};

describe("sums over many workgroups", () => {
  for (const [name, net] of Object.entries(nets)) {
    gpuTest(name, (device) => checkAgainstTwin(device, net, "wide"));
  }
});

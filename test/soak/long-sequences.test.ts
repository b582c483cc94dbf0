import { describe, expect } from "vitest";
import { checkAgainstTwin, type Net } from "../model/against-twin";
import { full, head, recurrent, sequences, table } from "../model/recurrent-nets";
import { useDevice } from "../runtime/use-device";
import { countDispatches } from "../runtime/validation";

const gpuTest = useDevice();

const steps = 100_000;
/** A hundred dispatches of the time loop in each direction, the last of them shorter. */
const chunkSteps = 1007;

const everyStep = (type: "simpleRNN" | "lstm" | "gru"): Net => ({
  layers: [table(20, 3), recurrent(type, 4, sequences), full(2, "softmax")],
  batch: 2,
  steps,
  padding: "mixed",
  classes: 2,
  chunkSteps,
});

const nets: Record<string, Net> = {
  "simpleRNN, a loss for each step": everyStep("simpleRNN"),
  "lstm, a loss for each step": everyStep("lstm"),
  "gru, a loss for each step": everyStep("gru"),
  "simpleRNN, the last state, padding shared": {
    layers: [table(20, 3), recurrent("simpleRNN", 4), head],
    batch: 3,
    steps,
    padding: "left",
    chunkSteps,
  },
};

for (const scan of ["narrow", "wide"] as const) {
  describe(`sequences of ${steps} steps, ${scan}`, () => {
    for (const [name, net] of Object.entries(nets)) {
      gpuTest(name, async (device) => {
        const begin = performance.now();
        const dispatches = await countDispatches(device, () => checkAgainstTwin(device, net, scan));
        // Three steps forward and backward, and a prediction.
        expect(dispatches).toBeGreaterThan(7 * Math.floor(steps / chunkSteps));
        const seconds = (performance.now() - begin) / 1000;
        console.log(`${name}, ${scan}: as float64 has it, ${dispatches} dispatches, ${seconds.toFixed(0)} s`);
      });
    }
  });
}

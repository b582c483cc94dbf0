import { describe } from "vitest";
import { sequential, sgd } from "../../src/index";
import { ReferenceModel } from "../reference/model";
import { useDevice } from "../runtime/use-device";
import { assertClose, assertTrue } from "../support/assert";
import { engineLayer } from "../support/engine";
import { randomTokens, randomValues } from "../support/random";
import { float32Epsilon, kernelTolerance } from "../support/tolerances";
import { head, recurrent, table } from "./recurrent-nets";

const gpuTest = useDevice();

const [batch, vocabulary, width, units] = [2, 11, 3, 4];
const optimizer = { type: "sgd", learningRate: 0.1, momentum: 0, nesterov: false } as const;
const loss = { name: "binaryCrossentropy", fromLogits: false } as const;

/** A matrix all of whose eigenvalues have that magnitude: a scaled permutation with signs. */
function ofRadius(radius: number): Float32Array {
  const matrix = new Float32Array(units * units);
  for (let row = 0; row < units; row++) {
    matrix[row * units + ((row + 1) % units)] = row % 2 === 0 ? radius : -radius;
  }
  return matrix;
}

/**
 * tanh' = 1 - h² is known to an ulp of 1, so the closer h is to 1 the less of it is; h settles where h = tanh(radius·h).
 * The derivative by the inputs runs through a few steps before it has vanished, eight at the most.
 */
function lostToSaturation(radius: number): number {
  let h = 1;
  for (let i = 0; i < 1000; i++) h = Math.tanh(radius * h);
  return (8 * float32Epsilon) / (1 - h * h);
}

/**
 * A recurrent kernel that shrinks or blows up what runs through it. Where tanh saturates, or the radius is below one,
 * gradients vanish, and must come out as small as they are; where the net is linear, they grow with the radius
 * to the power of the steps, and must not be cut off while float32 can hold them.
 */
describe("recurrent kernels that shrink and blow up, against float64", () => {
  for (const scan of ["narrow", "wide"] as const) {
    for (const [radius, steps, activation] of [
      [0.5, 5000, "tanh"],
      [1, 5000, "tanh"],
      [4, 5000, "tanh"],
      [0.5, 100, "linear"],
      [1, 1000, "linear"],
      [2, 60, "linear"],
      [4, 30, "linear"],
    ] as const) {
      gpuTest(`radius ${radius}, ${steps} steps, ${activation}, ${scan}`, async (device) => {
        const layers = [table(vocabulary, width), recurrent("simpleRNN", units, { activation }), head];
        const model = sequential(layers.map(engineLayer));
        await model.compile({
          optimizer: sgd({ learningRate: 0.1 }),
          loss: loss.name,
          device,
          seed: 1,
          scan,
        });
        // Inputs so small that a state that grows to 2^60 or 4^30 times them still leaves the head unsaturated.
        const scale = activation === "linear" ? Math.min(0.3, radius ** -steps) : 0.3;
        const weights = (await model.getWeights()).map(({ name, data }, i) =>
          name.endsWith("recurrent_kernel")
            ? ofRadius(radius)
            : randomValues(data.length, i + 1, i === 0 ? scale : 0.3).map((value) =>
                name.endsWith("/bias") && i < 4 ? 0 : value,
              ),
        );
        await model.setWeights(weights);
        const tokens = randomTokens({ batch, steps, vocabulary }, 5, "none");
        const labels = Int32Array.of(0, 1);
        const twin = new ReferenceModel(layers, weights, { optimizer, loss });
        const expected = twin.lossAndGradients({ tokens, labels, rows: batch });
        const actual = await model.trainOnBatch({ data: tokens, shape: [batch, steps] }, labels);
        assertClose([actual.loss], [expected.loss], 1e-5, "loss");
        const { relative } = kernelTolerance(steps * units);
        const lost = activation === "tanh" ? lostToSaturation(radius) : 0;
        const tolerance = { absolute: 1e-37, relative: relative + lost };
        (await model.getGradients()).forEach(({ name, data }, i) => {
          assertTrue(data.every(Number.isFinite), `gradient of ${name}: expected finite numbers`);
          assertClose(data, expected.gradients[i], tolerance, `gradient of ${name}`);
        });
        model.dispose();
      });
    }
  }
});

/** What a training step leaves out where layers are frozen, and that nothing else changes. */
import { describe, expect, vi } from "vitest";
import {
  bidirectional,
  conv1d,
  dense,
  dropout,
  embedding,
  flatten,
  globalAveragePooling1d,
  gru,
  input,
  lstm,
  masking,
  maxPooling1d,
  sequential,
  sgd,
  simpleRNN,
  spatialDropout1d,
  type Device,
  type Layer,
  type NamedWeight,
} from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { Program } from "../../src/runtime/program";
import { useDevice } from "../runtime/use-device";
import { assertEqual } from "../support/assert";
import { randomIntegers, randomTokens } from "../support/random";

const gpuTest = useDevice();

const [rows, steps, vocabulary] = [5, 6, 9];
const tokens = { data: randomTokens({ batch: rows, steps, vocabulary }, 3, "left"), shape: [rows, steps] };
const sequences = { returnSequences: true } as const;

/** The layers without the choice of which are frozen. */
const nets: Record<string, { layers: readonly Layer[]; perRow?: number; loss?: string }> = {
  "simpleRNN, binary head": {
    layers: [embedding(vocabulary, 3), simpleRNN(4), dense(1, { activation: "sigmoid" })],
  },
  "wide table, stacked, no bias": {
    layers: [
      embedding(vocabulary, 70),
      lstm(4, { ...sequences, useBias: false, goBackwards: true }),
      simpleRNN(3),
      dense(2, { useBias: false }),
    ],
    loss: "meanSquaredError",
  },
  "bidirectional under dropout, a class for each step": {
    layers: [
      embedding(vocabulary, 3, { maskZero: true }),
      spatialDropout1d(0.4),
      bidirectional(gru(3, { ...sequences, dropout: 0.3 }), { mergeMode: "mul" }),
      dense(4, { activation: "tanh" }),
      dense(3, { activation: "softmax" }),
    ],
    perRow: steps,
    loss: "sparseCategoricalCrossentropy",
  },
  "convolution, pooling, lstm": {
    layers: [
      embedding(vocabulary, 3),
      conv1d(4, 2, { activation: "tanh" }),
      maxPooling1d(2, { strides: 1 }),
      lstm(3, { recurrentDropout: 0.3 }),
      dense(1, { activation: "sigmoid" }),
    ],
  },
  "masking, reset before, mean": {
    layers: [
      embedding(vocabulary, 3),
      masking(),
      gru(3, { ...sequences, resetAfter: false }),
      globalAveragePooling1d(),
      dropout(0.3),
      dense(1, { activation: "sigmoid" }),
    ],
  },
  "all steps side by side": {
    layers: [
      input({ shape: [steps] }),
      embedding(vocabulary, 3),
      flatten(),
      dense(1, { activation: "sigmoid" }),
    ],
  },
};

interface Step {
  /** Kernels of the training step in their order; `clear` where a tensor is set to zeros. */
  readonly kernels: readonly string[];
  readonly before: readonly NamedWeight[];
  readonly gradients: readonly NamedWeight[];
  readonly after: readonly NamedWeight[];
}

/** One training step, some layers of which are frozen. */
async function stepOf(
  device: Device,
  { layers, perRow = 1, loss = "binaryCrossentropy" }: (typeof nets)[string],
  frozen: readonly Layer[],
  scan: ScanShape,
): Promise<Step> {
  const model = sequential(
    layers.map((layer) => ("trainable" in layer ? { ...layer, trainable: !frozen.includes(layer) } : layer)),
  );
  const ready = vi.spyOn(Program.prototype, "ready");
  try {
    await model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss, device, seed: 5, scan });
    const before = await model.getWeights();
    const columns = loss === "meanSquaredError" ? 2 : 1;
    await model.trainOnBatch(tokens, [...randomIntegers(rows * perRow * columns, 4, 0, 2)]);
    const programs = ready.mock.contexts as Program<unknown>[];
    const text = programs.findLast(({ label }) => label === "train")!.toString();
    const kernels = [...text.matchAll(/^ *\d+\. (\w+)/gm)].map(([, name]) => name);
    return { kernels, before, gradients: await model.getGradients(), after: await model.getWeights() };
  } finally {
    ready.mockRestore();
    model.dispose();
  }
}

/** Each item alone, all but each, and all up to each. */
function choices<Item>(items: readonly Item[]): Item[][] {
  const some = items.flatMap((item, i) => [[item], items.toSpliced(i, 1), items.slice(0, i + 1)]);
  return [
    ...new Map(some.map((choice) => [choice.map((item) => items.indexOf(item)).join(), choice])).values(),
  ];
}

const bits = ({ data }: NamedWeight): Uint32Array => new Uint32Array(data.slice().buffer);

for (const scan of ["narrow", "wide"] as const) {
  describe(`frozen layers, ${scan}`, () => {
    for (const [name, net] of Object.entries(nets)) {
      gpuTest(`${name}: whichever are frozen, all other gradients are the same bits`, async (device) => {
        const all = await stepOf(device, net, [], scan);
        const withWeights: readonly Layer[] = net.layers.filter((layer) => "trainable" in layer);
        const { layers } = sequential(net.layers).architecture;
        for (const frozen of choices(withWeights)) {
          const step = await stepOf(device, net, frozen, scan);
          const names = layers.flatMap(({ config, weights }) =>
            frozen.includes(config) ? weights.map((weight) => weight.name) : [],
          );
          const which = `${names.join(", ")} frozen`;
          step.gradients.forEach((gradient, i) => {
            if (names.includes(gradient.name)) {
              assertEqual(bits(step.after[i]), bits(step.before[i]), `${gradient.name}, ${which}`);
              expect(gradient.data.every((value) => value === 0)).toBe(true);
            } else {
              assertEqual(bits(gradient), bits(all.gradients[i]), `gradient of ${gradient.name}, ${which}`);
            }
          });
          // One kernel is the binary head, with its gradients or without.
          const headAlone =
            all.kernels.includes("denseSigmoidLoss") && frozen.every((layer) => layer === net.layers.at(-1));
          expect(step.kernels.length).toBeLessThan(all.kernels.length + (headAlone ? 1 : 0));
        }
      });
    }
  });
}

describe("what is left out of a training step", () => {
  /** Kernels of a step that one with frozen layers has not, as often as it has them less. */
  const missing = (all: readonly string[], fewer: readonly string[]): string[] => {
    const left = [...fewer];
    return all.filter((name) => {
      const at = left.indexOf(name);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  const scanOf = nets["simpleRNN, binary head"];
  const [table, rnn, head] = scanOf.layers;
  const cases: [name: string, scan: ScanShape, frozen: readonly Layer[], left: readonly string[]][] = [
    ["the table's gradient", "wide", [table], ["clear", "embeddingGradient"]],
    // The narrow kernel goes on with the input kernel's gradient alone.
    ["the zeros of the table's gradient", "narrow", [table], ["clear"]],
    [
      "the recurrent layer's gradients",
      "wide",
      [rnn],
      ["weightGradient", "sumPartials", "weightGradient", "sumPartials"],
    ],
    [
      "the whole way back",
      "wide",
      [table, rnn],
      [
        ...["scanBackward", "scanBackward", "weightGradient", "sumPartials", "sumByToken", "clear"],
        ...["embeddingGradient", "weightGradient", "sumPartials"],
      ],
    ],
  ];
  for (const [name, scan, frozen, left] of cases) {
    gpuTest(`${name}, ${scan}`, async (device) => {
      const all = await stepOf(device, scanOf, [], scan);
      const step = await stepOf(device, scanOf, frozen, scan);
      assertEqual(missing(all.kernels, step.kernels).sort(), [...left].sort(), "left out");
      assertEqual(missing(step.kernels, all.kernels), [], "added");
    });
  }

  gpuTest("everything but the forward pass, where nothing is trained", async (device) => {
    const { kernels } = await stepOf(device, scanOf, [table, rnn, head], "wide");
    assertEqual(kernels, ["embedProject", "scanForward", "scanForward", "denseSigmoidLoss"], "kernels");
  });
});

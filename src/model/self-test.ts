import { noStep, scanForm, type ScanForm, type ScanShape } from "../kernels";
import { Arena, read } from "../runtime/arena";
import { DeviceError, firstLine, KernelError } from "../runtime/errors";
import { elements } from "../runtime/tensor";
import { planArchitecture, recurrentOf, type Architecture } from "./architecture";
import { batchCapacity } from "./batch-plan";
import { cellOf } from "./cells";
import { Workspace } from "./workspace";
import { dense, embedding, simpleRNN } from "./layers";
import { binaryCrossentropy } from "./losses";
import { sgd } from "./optimizers";
import { Random } from "./random";
import { tokenData } from "./token-data";
import { range } from "./session";
import { Parameters } from "./parameters";
import { expectedGradients, type SmallNet } from "./self-test-net";
import type { Device } from "../runtime/device";
import type { BatchLayout } from "./batch-layout";

/** Far above what rounding does, far below what a wrong kernel does. */
const tolerance = 1e-4;

const net: SmallNet = {
  vocabulary: 5,
  width: 3,
  units: 4,
  steps: 4,
  // Three samples share padding, one has nothing else; more of them than an invocation takes in tiles.
  tokens: [
    [0, 0, 1, 2],
    [3, 4, 1, 3],
    [0, 2, 2, 4],
    [0, 0, 0, 0],
    [2, 1, 0, 3],
  ],
  labels: [1, 0, 1, 1, 0],
};

/** Which kernel a wrong gradient points to. */
const suspects: Record<string, string> = {
  embeddings: "embeddingGradient",
  kernel: "embeddingGradient",
  recurrentKernel: "scanBackward",
  bias: "scanBackward",
};

/** Adapters with the forms of the scan that they compute rightly: a driver stays the same for the life of a process. */
const sound = new Set<string>();

/**
 * Has the device compute the gradients of a tiny net, padding shared and the time loop cut in two, and compares
 * them with plain TypeScript: drivers have been met that compile every kernel and return zeros, and others that cannot
 * compile one. Once per adapter and form of the scan, of all that a model's layers take in a shape.
 *
 * @returns what is wrong, or undefined
 */
async function selfTest(
  device: Device,
  { layers }: Architecture,
  shape: ScanShape,
): Promise<string | undefined> {
  const forms = layers.flatMap(({ config }) => {
    const layer = recurrentOf(config);
    return layer ? scanForm(shape, layer.units, cellOf(layer).gates, "all") : [];
  });
  // What is not part of a scan goes by the shape alone.
  for (const form of new Set([shape, ...forms])) {
    const known = `${device.description}, ${form}`;
    if (sound.has(known)) continue;
    const wrong = await device.cached(`self-test, ${form}`, () => differenceOn(device, form));
    if (wrong !== undefined) return `${wrong}, ${form}`;
    sound.add(known);
  }
  return undefined;
}

/**
 * The shape of the scan to be used: the one that was chosen, or the other one where only that computes rightly.
 *
 * @throws {DeviceError} neither does: names the adapter, the kernel and the difference.
 */
export async function soundShape(
  device: Device,
  architecture: Architecture,
  chosen: ScanShape,
): Promise<ScanShape> {
  const wrong = await selfTest(device, architecture, chosen);
  if (wrong === undefined) return chosen;
  const other = chosen === "wide" ? "narrow" : "wide";
  if ((await selfTest(device, architecture, other)) === undefined) {
    console.warn(
      `compile: the ${chosen} scan computes wrongly on "${device.description}" (${wrong}); the ${other} one is used`,
    );
    return other;
  }
  throw new DeviceError(
    `compile: expected "${device.description}" to compute a small net's gradients as plain TypeScript does, got ${wrong}; ` +
      "update the graphics driver or use another adapter; compile({ selfTest: false }) goes on regardless",
  );
}

async function differenceOn(device: Device, form: ScanForm): Promise<string | undefined> {
  const { vocabulary, width, units, steps } = net;
  const layers = [embedding(vocabulary, width), simpleRNN(units), dense(1, { activation: "sigmoid" })];
  const architecture = planArchitecture(layers);
  const plans = architecture.layers.flatMap(({ weights }) => weights);
  const random = new Random(0);
  // Of both signs, and smaller where there are more of them: tanh must not saturate.
  const values = plans.map(({ shape }) =>
    Float32Array.from({ length: elements(shape) }, () => (3.2 * (random.uniform() - 0.5)) / Math.sqrt(units)),
  );
  const parameters = new Parameters(device, architecture.layers);
  let workspace: Workspace | undefined;
  try {
    parameters.set(values);
    const data = tokenData(net.tokens, vocabulary, "self-test");
    const layout: BatchLayout = {
      sharePrefix: true,
      labelWidth: 1,
      stages: [],
    };
    const capacity = batchCapacity(data, data.rows, vocabulary, layout);
    const compilation = {
      parameters,
      loss: binaryCrossentropy(),
      optimizer: sgd(),
      shape: form,
      chunkSteps: () => steps / 2,
    };
    workspace = new Workspace(new Arena(device, "self-test"), architecture, compilation, {
      layout,
      capacity,
      tokens: data.steps + data.tokens.length,
      training: true,
      gradientsOnly: true,
    });
    const train = await workspace.programs.train!.last.ready();
    workspace.uploadTokens(data);
    const targets = { labels: Float32Array.from(net.labels) };
    const plan = workspace.planner.plan(data, targets, range(0, data.rows), true, noStep);
    device.submit("self-test", (encoder) => {
      workspace!.encodePlan(encoder, 0, plan.words);
      train.encode(encoder, plan.sizes);
    });
    const actual = await read(device, parameters.gradients.flat);
    const expected = expectedGradients(net, values);
    return plans
      .map(({ key, name }, i) =>
        difference(name, suspects[key] ?? "denseSigmoidLoss", actual[i], expected[i]),
      )
      .find((found) => found !== undefined);
  } catch (error) {
    if (error instanceof KernelError) return firstLine(error);
    throw error;
  } finally {
    workspace?.dispose();
    parameters.dispose();
  }
}

function difference(
  name: string,
  kernel: string,
  actual: Float32Array,
  expected: readonly number[],
): string | undefined {
  const wrong = expected.findIndex((value, i) => !(Math.abs(actual[i] - value) <= tolerance));
  if (wrong < 0) return undefined;
  return `${actual[wrong]} where ${expected[wrong]} is right, in the gradient of ${name} (kernel ${kernel})`;
}

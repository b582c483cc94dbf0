import type { OptimizerRule } from "../kernels/optimizer";
import type { ScanShape } from "../kernels/scan";
import { noRates } from "../kernels/shared/step";
import { Arena, read } from "../runtime/arena";
import type { Device } from "../runtime/device";
import { DeviceError } from "../runtime/errors";
import { planArchitecture } from "./architecture";
import { batchCapacity } from "./batch-plan";
import type { BatchLayout } from "./batch-layout";
import { dense, embedding, simpleRNN } from "./layers";
import { sgd } from "./optimizers";
import { Parameters } from "./parameters";
import { expectedGradients, type SmallNet } from "./self-test-net";
import { tokenData } from "./token-data";
import { range } from "./session";
import { Workspace } from "./workspace";

/** Far above what rounding does, far below what a wrong kernel does. */
const tolerance = 1e-4;

const net: SmallNet = {
  vocabulary: 5,
  width: 3,
  units: 4,
  steps: 4,
  // Two samples share padding; one has none.
  tokens: [
    [0, 0, 1, 2],
    [3, 4, 1, 3],
    [0, 2, 2, 4],
  ],
  labels: [1, 0, 1],
};

/** Which kernel a wrong gradient points to. */
const suspects: Record<string, string> = {
  embeddings: "embeddingGradient",
  kernel: "embeddingGradient",
  recurrentKernel: "scanBackward",
  bias: "scanBackward",
};

/**
 * Has the device compute the gradients of a tiny net, padding shared and the time loop cut in two, and compares
 * them with plain TypeScript: drivers have been met that compile every kernel and return zeros. Once per device
 * and shape of the scan.
 *
 * @returns what is wrong, or undefined
 */
export function selfTest(device: Device, shape: ScanShape): Promise<string | undefined> {
  return device.cached(`self-test, ${shape}`, () => differenceOn(device, shape));
}

/**
 * The shape of the scan to be used: the one that was chosen, or the other one where only that computes rightly.
 *
 * @throws {DeviceError} neither does: names the adapter, the kernel and the difference.
 */
export async function soundShape(device: Device, chosen: ScanShape): Promise<ScanShape> {
  const wrong = await selfTest(device, chosen);
  if (wrong === undefined) return chosen;
  const other = chosen === "wide" ? "narrow" : "wide";
  if ((await selfTest(device, other)) === undefined) {
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

async function differenceOn(device: Device, shape: ScanShape): Promise<string | undefined> {
  const { vocabulary, width, units, steps } = net;
  const layers = [embedding(vocabulary, width), simpleRNN(units), dense(1, { activation: "sigmoid" })];
  const architecture = planArchitecture(layers);
  const plans = architecture.layers.flatMap(({ weights }) => weights);
  const values = plans.map(({ shape: size }, i) =>
    pseudoRandom(
      size.reduce((a, b) => a * b),
      i,
    ),
  );
  const parameters = new Parameters(device, architecture.layers);
  let workspace: Workspace | undefined;
  try {
    parameters.set(values);
    const data = tokenData(net.tokens, vocabulary, "self-test");
    const layout: BatchLayout = {
      sharePrefix: true,
      reverse: false,
      sequences: false,
      maskLoss: false,
      labelWidth: 1,
      rowTokens: false,
      carriesState: false,
      stages: [],
    };
    const capacity = batchCapacity(data, data.rows, vocabulary, layout);
    const rule: OptimizerRule = sgd().rule;
    const compilation = {
      loss: { kind: "binaryCrossentropy" as const, fromLogits: false as const },
      rule,
      shape,
      chunkSteps: () => steps / 2,
    };
    workspace = new Workspace(new Arena(device, "self-test"), architecture, parameters, compilation, {
      layout,
      capacity,
      tokens: data.steps + data.tokens.length,
      steps,
      training: true,
    });
    await workspace.ready();
    workspace.uploadTokens(data);
    const targets = { labels: Float32Array.from(net.labels) };
    const plan = workspace.planner.plan(data, targets, range(0, data.rows), true, { ...noRates, metric: 0 });
    const encoder = device.gpu.createCommandEncoder({ label: "self-test" });
    workspace.encodePlan(encoder, 0, plan.words);
    workspace.train!.encode(encoder, plan.sizes);
    device.gpu.queue.submit([encoder.finish()]);
    const actual = await read(device, parameters.gradients.flat);
    const expected = expectedGradients(net, values);
    return plans
      .map(({ key, name }, i) =>
        difference(name, suspects[key] ?? "denseSigmoidLoss", actual[i], expected[i]),
      )
      .find((found) => found !== undefined);
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

/** The same values everywhere, of both signs, none like another. */
function pseudoRandom(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => 0.8 * Math.sin(1 + 12.9898 * i + 78.233 * seed));
}

import type { ScanShape } from "../kernels";
import { requestDevice, type Device } from "../runtime/device";
import { describe, DeviceLostError, invalid } from "../runtime/errors";
import { checkHead, type Architecture } from "./architecture";
import type { Compiled } from "./compiled";
import { knownOptions } from "./checks";
import { resolveLoss, type Loss } from "./losses";
import { resolveOptimizer, type Optimizer } from "./optimizers";
import { Random } from "./random";

/** What `compile` takes. */
export interface CompileOptions {
  /** A name, or an object made by `rmsprop({ … })` and the like. Default `"rmsprop"`. */
  optimizer?: string | Optimizer;
  /** A name, or an object made by `binaryCrossentropy({ … })` and the like. */
  loss: string | Loss;
  /** `["acc"]` or `["accuracy"]`: the name under which the accuracy appears. Default none. */
  metrics?: readonly string[];
  /**
   * A device, or what requests one: called again when that device is lost. Default: the browser's GPU, or in Node the
   * one that `requestNodeDevice` finds.
   */
  device?: Device | (() => Promise<Device>);
  /** Decides the initial weights and the order of the batches. Default: another one every time. */
  seed?: number;
  /** The shape of the time loop, instead of the one that is measured to be faster. */
  scan?: ScanShape;
  /** Steps that one dispatch of the time loop takes. Default: as many as take about a tenth of a second. */
  chunkSteps?: number;
  /** Compare a small net's gradients with plain TypeScript first, once per device. Default `true`. */
  selfTest?: boolean;
}

const names = {
  optimizer: true,
  loss: true,
  metrics: true,
  device: true,
  seed: true,
  scan: true,
  chunkSteps: true,
  selfTest: true,
} satisfies Record<keyof CompileOptions, true>;

/**
 * What follows from the options alone.
 *
 * @throws {InvalidInputError} an unknown option or name, a wrong seed, a model that does not end in a dense layer.
 */
export function resolveCompileOptions(
  options: CompileOptions,
  architecture: Architecture,
): Omit<Compiled, "device" | "parameters" | "shape" | "chunkSteps" | "seed"> {
  knownOptions("compile", options, Object.keys(names));
  const optimizer = resolveOptimizer(options.optimizer ?? "rmsprop");
  const loss = resolveLoss(options.loss);
  const accuracy = accuracyName(options.metrics ?? []);
  checkHead(architecture);
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  const random = new Random(seed, 1);
  const { learningRate } = optimizer;
  return { optimizer, loss, accuracy, drawnSeed: seed, random, iterations: 0, learningRate };
}

/** The name under which the accuracy was asked for. */
function accuracyName(metrics: readonly string[]): string | undefined {
  const unknown = metrics.find((name) => name !== "acc" && name !== "accuracy");
  if (unknown !== undefined || metrics.length > 1) {
    throw invalid(
      "compile",
      'metrics as ["acc"] or ["accuracy"]',
      JSON.stringify(metrics),
      "pass one of these",
    );
  }
  return metrics[0];
}

/** Milliseconds after which a device is asked for once more where one was lost: drivers take a while to start anew. */
const pauses = [100, 400, 1500, 4000];

/**
 * The device to compile for.
 *
 * @param present the one on which the model is
 * @param options.where the call that needs it
 * @param options.afterLoss whether the one before was lost
 * @throws {DeviceLostError} the device that was given is lost, or there is no other one.
 */
export async function deviceFor(
  { device }: CompileOptions,
  present: Device | undefined,
  { where, afterLoss }: { where: string; afterLoss: boolean },
): Promise<Device> {
  if (typeof device === "object") {
    device.assertAlive(where);
    return device;
  }
  if (!device && present) return present;
  const request = device ?? requestAnyDevice;
  if (!afterLoss) return request();
  for (const pause of pauses) {
    try {
      return await request();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  try {
    return await request();
  } catch (cause) {
    const remedy = "call again, or save the model and start the program anew";
    const got = `${String(cause)} six seconds long`;
    throw new DeviceLostError(describe(where, "another device for a lost one", got, remedy), { cause });
  }
}

/** The browser's device; in Node, where the core itself has no access to a GPU, that of its Node entry point. */
export async function requestAnyDevice(): Promise<Device> {
  const scope = globalThis as { navigator?: { gpu?: GPU }; process?: { versions?: { node?: string } } };
  if (scope.navigator?.gpu || !scope.process?.versions?.node) return requestDevice();
  // Kept from bundlers: a browser's bundle must not pull it in.
  const entry = "webgpu-rnn/node";
  const node = (await import(/* @vite-ignore */ entry)) as { requestNodeDevice: () => Promise<Device> };
  return node.requestNodeDevice();
}

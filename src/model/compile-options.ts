import type { ScanShape } from "../kernels/scan";
import { requestDevice, type Device } from "../runtime/device";
import { describe, InvalidInputError } from "../runtime/errors";
import { checkHead, type Architecture } from "./architecture";
import type { Compiled } from "./compiled";
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
  /** Default: the browser's GPU, or in Node the one that `requestNodeDevice` finds. */
  device?: Device;
  /** Decides the initial weights and the order of the batches. Default: another one every time. */
  seed?: number;
  /** The shape of the time loop, instead of the one that is measured to be faster. */
  scan?: ScanShape;
  /** Steps that one dispatch of the time loop takes. Default: as many as take about a tenth of a second. */
  chunkSteps?: number;
  /** Compare a small net's gradients with plain TypeScript first, once per device. Default `true`. */
  selfTest?: boolean;
}

/**
 * What follows from the options alone.
 *
 * @throws {InvalidInputError} an unknown name, a wrong seed, a model that does not end in a dense layer.
 */
export function resolveCompileOptions(
  options: CompileOptions,
  architecture: Architecture,
): Omit<Compiled, "device" | "parameters" | "shape" | "chunkSteps" | "seed"> {
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
    throw new InvalidInputError(
      describe("compile", 'metrics as ["acc"] or ["accuracy"]', JSON.stringify(metrics), "pass one of these"),
    );
  }
  return metrics[0];
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

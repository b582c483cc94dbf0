/** What the page that the browser tests open can do; each function's result goes back to Node. */
import { requestDevice, type Device } from "webgpu-rnn";
import type { FileFormat } from "webgpu-rnn/io";
import type { ScanShape } from "../../src/kernels/scan";
import { kernelCases } from "../kernels/all";
import { checkGolden, checkReference } from "../model/checks";
import { loseDevices, type LossTally } from "../model/device-loss";
import { shortTraining, type ShortTraining } from "../model/training";
import { withValidation } from "../runtime/validation";
import { applyDeviceVariant } from "../support/device-variant";
import { parseGolden, parseReference } from "../support/goldens";
import { checkpointedTraining, emptyStore, type CheckpointedTraining } from "./checkpointed";
import { keras } from "./keras-script";
import { predictByFile, roundTripOfFile } from "./model-files";

applyDeviceVariant(new URLSearchParams(location.search).get("device") ?? undefined);

let device: Promise<Device> | undefined;

/** One device for all tests of a page. */
const getDevice = (): Promise<Device> => (device ??= requestDevice());

async function fetchShared(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`/shared/${path}`);
  if (!response.ok) throw new Error(`/shared/${path}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

export const tests = {
  describeAdapter: async (): Promise<string> => (await getDevice()).description,

  kernel: async (name: string): Promise<void> => {
    const found = kernelCases.find((kernelCase) => kernelCase.name === name);
    if (!found) throw new Error(`no kernel case "${name}"`);
    await found.run(await getDevice());
  },

  golden: async (file: string, scan: ScanShape): Promise<void> => {
    const on = await getDevice();
    const golden = parseGolden(await fetchShared(`keras-goldens/${file}`));
    await withValidation(on, () => checkGolden(on, golden, scan));
  },

  reference: async (file: string, scan: ScanShape): Promise<void> => {
    const on = await getDevice();
    const reference = parseReference(await fetchShared(`reference/${file}`));
    await withValidation(on, () => checkReference(on, reference, scan, file.includes("imdb")));
  },

  shortTraining: async (scan: ScanShape): Promise<ShortTraining> => {
    const on = await getDevice();
    return withValidation(on, () => shortTraining(on, scan));
  },

  checkpointedTraining: async (storage?: "opfs" | "indexeddb"): Promise<CheckpointedTraining> =>
    checkpointedTraining(await getDevice(), storage),

  loseDevices: (losses: number, seed?: number): Promise<LossTally> =>
    loseDevices(requestDevice, losses, seed),

  emptyStore,

  roundTripOfFile: async (format: FileFormat): Promise<void> => roundTripOfFile(await getDevice(), format),

  predictByFile: async (path: string, inputs: number[][]): Promise<number[]> =>
    predictByFile(await getDevice(), new File([await fetchShared(path)], "model"), inputs),

  /** The address is relative to the page's, as pages write them. */
  predictByAddress: async (path: string, inputs: number[][]): Promise<number[]> =>
    predictByFile(await getDevice(), `shared/${path}`, inputs),

  keras,
};

/** A test's outcome: errors do not survive the way to Node as what they are. */
export type Outcome = { result: unknown } | { error: string };

async function runTest(name: keyof typeof tests, parameters: unknown[]): Promise<Outcome> {
  try {
    const run = tests[name] as (...parameters: unknown[]) => Promise<unknown>;
    return { result: await run(...parameters) };
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

Object.assign(globalThis, { runTest });

/** The page: all engines on one workbench, driven from Node through `callWorkbench`. */
import { requestDevice, type Device } from "webgpu-rnn";
import type { Engine } from "./engines/engine";
import { decodeJob } from "./job";
import { profileJob } from "./profile/profile-job";
import { Workbench, callOn, type Outcome, type WorkbenchCall } from "./workbench";

let device: Promise<Device> | undefined;
const getDevice = (): Promise<Device> => (device ??= requestDevice());

const response = await fetch("job.bin");
const job = decodeJob(await response.arrayBuffer());

const own = async (deviceOf: () => Promise<Device>): Promise<Engine> =>
  (await import("./engines/webgpu-rnn")).webgpuRnn(deviceOf);

const workbench = new Workbench(
  job,
  {
    "webgpu-rnn": () => own(getDevice),
    // A device of its own: memory is counted by device.
    "simple-rnn": () => own(requestDevice),
    "tfjs-webgpu": async () => (await import("./engines/tfjs-webgpu")).tfjsWebgpu,
    "tfjs-wasm": async () => (await import("./engines/tfjs-wasm")).tfjsWasm,
    "onnxruntime-web": async () => {
      const { onnxModel } = await import("./onnx-model");
      return (await import("./engines/onnxruntime-web")).onnxruntimeWeb(onnxModel);
    },
    "jax-js": async () => (await import("./engines/jax-js")).jaxJs,
  },
  async () => (await getDevice()).description,
);

async function outcomeOf(run: () => unknown): Promise<Outcome> {
  try {
    return { result: await run() };
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

Object.assign(globalThis, {
  callWorkbench: (call: WorkbenchCall, parameters: unknown[]) =>
    outcomeOf(() => callOn(workbench, call, parameters)),
  profileJob: () => outcomeOf(async () => profileJob(await getDevice(), job)),
});

import { serve, startWorker, type WorkerDevice, type WorkerEngine } from "../../src/worker/index";
import type { Device } from "../../src/runtime/device";
import { getTestDevice } from "../support/adapter";

/** An engine at the other end of a port, with the device that it works on. */
export interface FarEngine {
  engine: WorkerEngine;
  /** The device on this side; undefined where there is no adapter. */
  device: Device | undefined;
  /** The same one, as the engine names it. */
  far: WorkerDevice | undefined;
  close(): void;
}

/** Starts an engine that finds the test's device where a worker finds its browser's. */
export async function openEngine(): Promise<FarEngine> {
  const device = await getTestDevice();
  const { port1, port2 } = new MessageChannel();
  serve(port1);
  const engine = startWorker({ port: port2 });
  if (device) Object.defineProperty(globalThis, "navigator", { value: { gpu: gpuOf(device) } });
  const far = device && (await engine.requestDevice());
  return {
    engine,
    device,
    far,
    close() {
      engine.terminate();
      device?.destroy();
    },
  };
}

/** A `navigator.gpu` whose one adapter gives the device that is there. */
function gpuOf({ gpu: { adapterInfo: info, features, limits }, gpu }: Device) {
  const adapter = { info, features, limits, requestDevice: () => Promise.resolve(gpu) };
  return { requestAdapter: () => Promise.resolve(adapter) };
}

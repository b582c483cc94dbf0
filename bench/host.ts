import { requestNodeDevice } from "../src/node/device";
import type { Device } from "webgpu-rnn";
import type { Engine } from "./engines/engine";
import { webgpuRnn } from "./engines/webgpu-rnn";
import type { Job } from "./job";
import { profileJob, type Profile } from "./profile/profile-job";
import { Workbench, callOn, type WorkbenchCall } from "./workbench";

type Result<Call extends WorkbenchCall> = Awaited<ReturnType<Workbench[Call]>>;

/** Where a workbench stands, and the way to it. */
export interface Host {
  /** What runs the engines, with its version. */
  runtime: string;
  call<Call extends WorkbenchCall>(
    name: Call,
    ...parameters: Parameters<Workbench[Call]>
  ): Promise<Result<Call>>;
  profile(): Promise<Profile>;
  close(): Promise<void>;
}

export const nodeRuntime = `Node ${process.versions.node}`;

/** A workbench in this process: this library through Dawn. */
export async function openNodeHost(job: Job, adapter: string | undefined): Promise<Host> {
  const request = (): Promise<Device> => requestNodeDevice(adapter === undefined ? {} : { adapter });
  const device = await request();
  // A device of its own: memory is counted by device.
  let second: Promise<Device> | undefined;
  const on = (getDevice: () => Promise<Device>) => (): Promise<Engine> =>
    Promise.resolve(webgpuRnn(getDevice));
  const engines = {
    "webgpu-rnn": on(() => Promise.resolve(device)),
    "simple-rnn": on(() => (second ??= request())),
  };
  const workbench = new Workbench(job, engines, () => Promise.resolve(device.description));
  return {
    runtime: nodeRuntime,
    call: async (name, ...parameters) => (await callOn(workbench, name, parameters)) as never,
    profile: () => profileJob(device, job),
    close: async () => {
      device.destroy();
      (await second)?.destroy();
    },
  };
}

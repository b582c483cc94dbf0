import type { Device } from "../index";

/** The device that is there, and another one each time it is lost: for `compile`. */
export function withSpares(first: Device, another: () => Promise<Device>): () => Promise<Device> {
  let next: Device | undefined = first;
  return async () => {
    const device = next ?? (await another());
    next = undefined;
    return device;
  };
}

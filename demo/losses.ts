import type { WorkerDevice } from "webgpu-rnn/worker";
import type { Engine } from "./engine";

/** A device that is lost again and again is not worth another try. */
const mostLosses = 4;

/**
 * Trains on the engine's device, and again on another one after each loss.
 *
 * @param onLoss is told why the device is gone, before the next try
 */
export async function throughLosses(
  engine: Engine,
  train: (device: WorkerDevice, losses: number) => Promise<void>,
  onLoss: (message: string) => void,
): Promise<void> {
  for (let losses = 0; ; losses++) {
    const device = await engine.device();
    let gone: string | undefined;
    const lost = device.lost.then(({ message }) => {
      gone = message || "no reason given";
      throw new DeviceGone(gone);
    });
    try {
      return await Promise.race([lost, train(device, losses)]);
    } catch (error) {
      const why = gone ?? (isLoss(error) ? messageOf(error) : undefined);
      if (why === undefined || losses === mostLosses) throw error;
      onLoss(why);
    }
  }
}

/** The device's own word that it is gone, where no call has failed yet. */
class DeviceGone extends Error {
  override name = "DeviceLostError";
}

function isLoss(error: unknown): boolean {
  return error instanceof Error && error.name === "DeviceLostError";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

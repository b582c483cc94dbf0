import type { Line } from "./line";
import type { DeviceReference } from "./protocol";

/** What the worker says of a device it has got. */
export interface DeviceDescription {
  id: number;
  description: string;
  features: string[];
  limits: Record<string, number>;
}

/** A GPU device that lives in a worker. Made by `WorkerEngine.requestDevice`. */
export class WorkerDevice {
  /** What the adapter calls itself, in one line. */
  readonly description: string;
  /** The features it was made with, by WebGPU's names. */
  readonly features: readonly string[];
  /** The limits it was made with, by WebGPU's names. */
  readonly limits: Readonly<Record<string, number>>;
  /** Resolves when the device is gone: by its loss, or by `destroy`. */
  readonly lost: Promise<{ reason: string; message: string }>;
  /** How messages name it. */
  readonly reference: DeviceReference;
  readonly #line: Line;

  constructor(line: Line, { id, description, features, limits }: DeviceDescription) {
    this.description = description;
    this.features = features;
    this.limits = limits;
    this.reference = { webgpuRnnDevice: id };
    this.#line = line;
    this.lost = line
      .call(id, "lost", [])
      .then((info) => info as { reason: string; message: string })
      .catch((error: unknown) => ({ reason: "unknown", message: String(error) }));
  }

  /** Waits until all submitted work is done. */
  async idle(): Promise<void> {
    await this.#line.call(this.reference.webgpuRnnDevice, "idle", []);
  }

  /** Frees the device and everything on it. */
  destroy(): void {
    this.#line.call(this.reference.webgpuRnnDevice, "destroy", []).catch(() => undefined);
  }
}

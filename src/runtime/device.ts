import { DeviceError, DeviceLostError, KernelError, WebGpuRnnError } from "./errors";

export interface DeviceOptions {
  /** Which GPU a machine with two should use. */
  powerPreference?: GPUPowerPreference;
  /** Ask for the specification's minimum limits and no features; kernels must work within them. */
  minimum?: boolean;
}

/** Milliseconds by which the news that a device is lost may come after the first error. */
const newsTakes = 100;

/** A GPU device with what the engine needs to know about it, and the pipelines built on it so far. */
export class Device {
  readonly #pipelines = new Map<string, unknown>();
  #lost: GPUDeviceLostInfo | undefined;
  #destroyed = false;

  private constructor(
    readonly gpu: GPUDevice,
    /** What the adapter calls itself, in one line: vendor, architecture, device, description. */
    readonly description: string,
    /** Whether the "GPU" is the processor. */
    readonly software: boolean,
  ) {
    void gpu.lost.then((info) => (this.#lost = info));
  }

  /**
   * Asks `gpu` for an adapter and a device. Features and limits are asked for only where the adapter
   * has them.
   *
   * @throws {DeviceError} no adapter, or the device was refused.
   */
  static async request(gpu: GPU, options: DeviceOptions = {}): Promise<Device> {
    const adapter = await gpu.requestAdapter(
      options.powerPreference ? { powerPreference: options.powerPreference } : {},
    );
    if (!adapter) {
      throw new DeviceError(
        "requestDevice: expected a WebGPU adapter, got none; " +
          "update the graphics driver, or start the browser with a software adapter " +
          "(Chromium: --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader)",
      );
    }
    return Device.fromAdapter(adapter, options);
  }

  /** Asks `adapter` for a device; see {@link Device.request}. */
  static async fromAdapter(adapter: GPUAdapter, options: DeviceOptions = {}): Promise<Device> {
    const requiredFeatures: GPUFeatureName[] = [];
    const requiredLimits: Record<string, number> = {};
    if (!options.minimum) {
      for (const feature of ["timestamp-query", "subgroups"] as GPUFeatureName[]) {
        if (adapter.features.has(feature)) requiredFeatures.push(feature);
      }
      for (const limit of wantedLimits) requiredLimits[limit] = adapter.limits[limit];
    }
    try {
      const device = await adapter.requestDevice({ label: "webgpu-rnn", requiredFeatures, requiredLimits });
      return new Device(device, describeAdapter(adapter.info), Boolean(adapter.info.isFallbackAdapter));
    } catch (cause) {
      throw new DeviceError(
        `requestDevice: expected a device of the adapter "${describeAdapter(adapter.info)}", got "${String(cause)}"; ` +
          "close other programs that use the GPU and try again",
        { cause },
      );
    }
  }

  get limits(): GPUSupportedLimits {
    return this.gpu.limits;
  }

  /** What was built for this device under `key`: built once, then kept for the device's life. */
  cached<T>(key: string, build: () => T): T {
    if (!this.#pipelines.has(key)) this.#pipelines.set(key, build());
    return this.#pipelines.get(key) as T;
  }

  /** @throws {DeviceLostError} the device is gone, and says why. */
  assertAlive(where: string): void {
    if (this.#lost) throw this.lostError(where);
  }

  lostError(where: string): DeviceLostError {
    return new DeviceLostError(
      `${where}: expected a working GPU device, got a lost one (${this.lossReason}); request a new device and compile again`,
    );
  }

  /** Whether the device is known to be gone. */
  get lost(): boolean {
    return this.#lost !== undefined;
  }

  /** Why it is gone. */
  get lossReason(): string {
    if (this.#destroyed) return "the device was destroyed";
    const message = this.#lost?.message ?? "";
    return message === "" ? "no reason given" : message;
  }

  /** Whether the loss of the device is behind an error: of the two, either may be heard of first. */
  async isBehind(error: unknown): Promise<boolean> {
    if (this.#lost) return true;
    if (error instanceof WebGpuRnnError && !(error instanceof DeviceError || error instanceof KernelError)) {
      return false;
    }
    const news = this.gpu.lost.then(() => true);
    return Promise.race([news, new Promise<boolean>((resolve) => setTimeout(resolve, newsTakes, false))]);
  }

  /** Waits until all submitted work is done. */
  async idle(): Promise<void> {
    await this.gpu.queue.onSubmittedWorkDone();
  }

  /** Submits what `encode` puts into a command encoder. */
  submit(label: string, encode: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.gpu.createCommandEncoder({ label });
    encode(encoder);
    this.gpu.queue.submit([encoder.finish()]);
  }

  /** Frees the device and everything on it. A second call does nothing. */
  destroy(): void {
    this.#destroyed = true;
    this.gpu.destroy();
  }
}

const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

/** One line for an adapter: `vendor architecture device description`, empty parts left out. */
export function describeAdapter(info: GPUAdapterInfo): string {
  const parts = [info.vendor, info.architecture, info.device, info.description].filter((part) => part !== "");
  return parts.length === 0 ? "unnamed adapter" : parts.join(" ");
}

/**
 * Asks the browser (`navigator.gpu`) for a device.
 *
 * @throws {DeviceError} with one message for each way it can fail: an insecure page, no WebGPU in this
 *   browser, no adapter, a refused device.
 * @example
 * const device = await requestDevice({ powerPreference: "high-performance" });
 */
export async function requestDevice(options: DeviceOptions = {}): Promise<Device> {
  const scope = globalThis as { isSecureContext?: boolean; navigator?: { gpu?: GPU } };
  if (scope.navigator?.gpu) return Device.request(scope.navigator.gpu, options);
  if (scope.isSecureContext === false) {
    throw new DeviceError(
      "requestDevice: expected a secure page, got one served over plain http; " +
        "serve it over https or from localhost, where browsers allow WebGPU",
    );
  }
  throw new DeviceError(
    "requestDevice: expected navigator.gpu, got nothing; use a browser with WebGPU " +
      "(Chrome or Edge 113, Safari 26, Firefox 141 or later), or in Node requestNodeDevice from webgpu-rnn/node",
  );
}

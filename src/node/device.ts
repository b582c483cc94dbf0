import { Device, describeAdapter, type DeviceOptions } from "../runtime/device";
import { DeviceError } from "../runtime/errors";
import { vulkanSources } from "./browsers.mjs";
import { paceDawn } from "./pace-dawn";

export interface NodeDeviceOptions extends DeviceOptions {
  /** Part of the adapter's name or description, upper and lower case alike. Default: the best one. */
  adapter?: string;
}

/** An adapter that Node can use through Dawn. */
export interface NodeAdapter {
  /** The name the driver gives it. */
  name: string;
  /** Vendor, architecture, device and driver in one line, as {@link Device.description} has it. */
  description: string;
  /** True where the "GPU" is the processor: slower, but it computes the same. */
  software: boolean;
}

/** Where Dawn should look for Vulkan drivers: as the system does (undefined), or in this manifest only. */
type DriverSource = string | undefined;

interface FoundAdapter extends NodeAdapter {
  adapter: GPUAdapter;
}

/**
 * Dawn's instances, one for each source and choice. A device must not outlive its instance, so they
 * are kept for the life of the process; they do not keep it from ending.
 */
const instances = new Map<string, GPU>();

type Dawn = typeof import("webgpu");

/**
 * Asks Dawn (the npm package `webgpu`) for a device, in Node. Real GPUs come first, then software
 * drivers of the system, then the SwiftShader that an installed browser brings along.
 *
 * @param options.adapter part of the adapter's name or description
 * @param options.minimum ask for the specification's minimum limits and no features
 * @throws {DeviceError} no adapter at all, or none with that text in its description.
 * @example
 * const device = await requestNodeDevice({ adapter: "swiftshader" });
 * await model.compile({ optimizer: "rmsprop", loss: "binaryCrossentropy", device });
 */
export async function requestNodeDevice(options: NodeDeviceOptions = {}): Promise<Device> {
  const { adapter: text, ...deviceOptions } = options;
  const dawn = await loadDawn();
  const found =
    text === undefined ? await bestAdapter(dawn, options.powerPreference) : await adapterNamed(dawn, text);
  if (isSoftware(found.info)) paceDawn();
  return Device.fromAdapter(found, deviceOptions);
}

/**
 * Lists the adapters that {@link requestNodeDevice} can choose from, best first.
 *
 * @example
 * for (const { name, description } of await listNodeAdapters()) console.log(name, description);
 */
export async function listNodeAdapters(): Promise<NodeAdapter[]> {
  const found = await allAdapters(await loadDawn());
  return found.map(({ name, description, software }) => ({ name, description, software }));
}

/** Dawn is loaded with the first request: what needs no GPU runs where Dawn has no build. */
async function loadDawn(): Promise<Dawn> {
  try {
    const dawn = await import("webgpu");
    // Node has these names from here on, as a browser has them.
    Object.assign(globalThis, dawn.globals);
    return dawn;
  } catch (cause) {
    throw new DeviceError(
      `requestNodeDevice: expected the package "webgpu" to load on ${process.platform} ${process.arch}, ` +
        `got "${String(cause)}"; install it with npm, or run in a browser instead`,
      { cause },
    );
  }
}

async function bestAdapter(
  dawn: Dawn,
  powerPreference: GPUPowerPreference = "high-performance",
): Promise<GPUAdapter> {
  let software: GPUAdapter | undefined;
  for (const source of vulkanSources()) {
    const adapter = await withDrivers(source, () =>
      instance(dawn, source).requestAdapter({ powerPreference }),
    );
    if (adapter && !isSoftware(adapter.info)) return adapter;
    if (adapter) software ??= adapter;
  }
  if (software) return software;
  throw new DeviceError(
    `requestNodeDevice: expected a WebGPU adapter, got none; ${driverAdvice()}, or run in a browser instead`,
  );
}

async function adapterNamed(dawn: Dawn, text: string): Promise<GPUAdapter> {
  const found = await allAdapters(dawn);
  const wanted = text.toLowerCase();
  const match = found.find(({ name, description }) =>
    `${name} ${description}`.toLowerCase().includes(wanted),
  );
  if (match) return match.adapter;
  const names = found.map(({ name }) => `"${name}"`).join(", ");
  const remedy = found.length === 0 ? driverAdvice() : `choose one of ${names}`;
  const got = found.length === 0 ? "no adapter at all" : "none such";
  throw new DeviceError(
    `requestNodeDevice: expected an adapter whose description contains "${text}", got ${got}; ${remedy}`,
  );
}

async function allAdapters(dawn: Dawn): Promise<FoundAdapter[]> {
  const found: FoundAdapter[] = [];
  for (const source of vulkanSources()) {
    for (const name of await adapterNames(dawn, source)) {
      const adapter = await withDrivers(source, () => instance(dawn, source, name).requestAdapter());
      if (!adapter) continue;
      const description = describeAdapter(adapter.info);
      if (found.some((other) => other.name === name && other.description === description)) continue;
      found.push({ name, description, software: isSoftware(adapter.info), adapter });
    }
  }
  return found.sort((a, b) => Number(a.software) - Number(b.software));
}

/** Dawn names its adapters only in the error it gives for a name that none of them has. */
async function adapterNames(dawn: Dawn, source: DriverSource): Promise<string[]> {
  try {
    await withDrivers(source, () => instance(dawn, source, "?").requestAdapter());
    return [];
  } catch (error) {
    const listed = [...String(error).matchAll(/^ \* backend: '(.*)', name: '(.*)'$/gm)];
    return [...new Set(listed.filter(([, backend]) => backend !== "null").map(([, , name]) => name ?? ""))];
  }
}

function instance(dawn: Dawn, source: DriverSource, name?: string): GPU {
  const key = `${source ?? "system"} ${name ?? ""}`;
  let gpu = instances.get(key);
  if (!gpu) {
    gpu = dawn.create(name === undefined ? [] : [`adapter=${name}`]);
    instances.set(key, gpu);
  }
  return gpu;
}

/**
 * The Vulkan loader reads `VK_DRIVER_FILES` when an instance asks for adapters. Only for that long is
 * it changed: a browser started later must see the machine as it is.
 */
function withDrivers<T>(source: DriverSource, ask: () => T): T {
  if (source === undefined) return ask();
  const before = process.env.VK_DRIVER_FILES;
  process.env.VK_DRIVER_FILES = source;
  try {
    return ask();
  } finally {
    if (before === undefined) delete process.env.VK_DRIVER_FILES;
    else process.env.VK_DRIVER_FILES = before;
  }
}

function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(describeAdapter(info));
}

function driverAdvice(): string {
  if (process.platform !== "linux") return "update the graphics driver";
  return (
    "install a Vulkan driver for the GPU; or, without a GPU, install Chromium " +
    "(its SwiftShader is found by itself) and libvulkan1"
  );
}

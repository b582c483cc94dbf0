import { launch, type Browser } from "puppeteer";
import { findChromium, findFirefox, findSwiftShaders, findSystemDrivers } from "../../src/node/browsers.mjs";
import { listNodeAdapters, requestNodeDevice } from "../../src/node/device";
import { launchBrowser, type LaunchSettings } from "../../src/node/launch-browser";
import type { Device, DeviceOptions } from "../../src/runtime/device";
import { DeviceError, describe } from "../../src/runtime/errors";
import { applyDeviceVariant } from "./device-variant";
import { forceScan } from "./force-scan";

export { findChromium, findFirefox };

/** True where a missing adapter or browser is a failure and not a reason to skip (CI). */
export const requireGpu = process.env.REQUIRE_GPU === "1";

/**
 * A GPU device for a test: of the adapter whose description contains `$WEBGPU_RNN_ADAPTER`, else the best
 * one. Undefined where the machine has none; the test then skips and says so. `$WEBGPU_RNN_TEST_DEVICE` names
 * what is asked of the adapter (see device-variant.ts), `$WEBGPU_RNN_TEST_SCAN` the shape of the time loop.
 *
 * @throws {DeviceError} there is none, and `REQUIRE_GPU=1` is set.
 */
export async function getTestDevice(options: DeviceOptions = {}): Promise<Device | undefined> {
  const adapter = process.env.WEBGPU_RNN_ADAPTER;
  forceScan(process.env.WEBGPU_RNN_TEST_SCAN);
  try {
    await useDeviceVariant();
    return await requestNodeDevice(adapter ? { ...options, adapter } : options);
  } catch (error) {
    if (requireGpu) throw error;
    console.warn(`skipped: ${String(error)}`);
    return undefined;
  }
}

let shared: Promise<Device | undefined> | undefined;

/**
 * A device for all test files of a process: what one has compiled, the next one need not. Only for tests that leave
 * it alive.
 */
export async function getSharedDevice(): Promise<Device | undefined> {
  const device = await (shared ??= getTestDevice());
  if (!device?.lost) return device;
  return (shared = getTestDevice());
}

async function useDeviceVariant(): Promise<void> {
  const variant = process.env.WEBGPU_RNN_TEST_DEVICE;
  if (!variant) return;
  const { globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  applyDeviceVariant(variant);
}

/**
 * A headless Chromium with WebGPU, or undefined where none is installed.
 *
 * @param options.swiftshader use its software adapter even where there is a GPU; by default only where there is none
 * @throws {DeviceError} none is installed, and `REQUIRE_GPU=1` is set.
 */
export async function launchChromium(options: LaunchSettings = {}): Promise<Browser | undefined> {
  if (!findChromium() && !requireGpu) {
    console.warn("skipped: no Chromium here; install it or set PUPPETEER_EXECUTABLE_PATH");
    return undefined;
  }
  return launchBrowser({ ...options, swiftshader: options.swiftshader ?? !(await hasGpu()) });
}

/**
 * A headless Firefox with WebGPU, or undefined where none is installed. Where the system has no Vulkan
 * driver, it runs on the SwiftShader of the Chromium found.
 *
 * @throws {DeviceError} none is installed, and `REQUIRE_GPU=1` is set.
 */
export async function launchFirefox(): Promise<Browser | undefined> {
  const executablePath = findFirefox();
  if (!executablePath) {
    const remedy = "install firefox-esr or set FIREFOX_PATH";
    if (requireGpu) throw new DeviceError(describe("launchFirefox", "Firefox", "none", remedy));
    console.warn(`skipped: no Firefox here; ${remedy}`);
    return undefined;
  }
  const hasDriver = Boolean(process.env.VK_DRIVER_FILES) || findSystemDrivers().length > 0;
  const [swiftshader] = hasDriver ? [] : findSwiftShaders();
  return launch({
    browser: "firefox",
    executablePath,
    headless: true,
    env: swiftshader ? { ...process.env, VK_DRIVER_FILES: swiftshader } : process.env,
    extraPrefsFirefox: {
      "dom.webgpu.enabled": true,
      "dom.webgpu.workers.enabled": true,
      "gfx.webgpu.ignore-blocklist": true,
    },
  });
}

async function hasGpu(): Promise<boolean> {
  return (await listNodeAdapters()).some((adapter) => !adapter.software);
}

import { launch, type Browser } from "puppeteer";
import { findChromium, findFirefox, findSwiftShaders, findSystemDrivers } from "../../src/node/browsers.mjs";
import { listNodeAdapters, requestNodeDevice } from "../../src/node/device";
import type { Device, DeviceOptions } from "../../src/runtime/device";

export { findChromium, findFirefox };

/** True where a missing adapter or browser is a failure and not a reason to skip (CI). */
export const requireGpu = process.env.REQUIRE_GPU === "1";

/**
 * A GPU device for a test: of the adapter whose description contains `$WEBGPU_RNN_ADAPTER`, else the best
 * one. Undefined where the machine has none; the test then skips and says so.
 *
 * @throws {DeviceError} there is none, and `REQUIRE_GPU=1` is set.
 */
export async function getTestDevice(options: DeviceOptions = {}): Promise<Device | undefined> {
  const adapter = process.env.WEBGPU_RNN_ADAPTER;
  try {
    return await requestNodeDevice(adapter ? { ...options, adapter } : options);
  } catch (error) {
    if (requireGpu) throw error;
    console.warn(`skipped: ${String(error)}`);
    return undefined;
  }
}

export interface ChromiumOptions {
  /** Use SwiftShader even where there is a GPU. Default: only where there is none. */
  swiftshader?: boolean;
  args?: string[];
}

const quiet = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

/**
 * A headless Chromium with WebGPU, or undefined where none is installed.
 *
 * @throws {Error} none is installed, and `REQUIRE_GPU=1` is set.
 */
export async function launchChromium(options: ChromiumOptions = {}): Promise<Browser | undefined> {
  const executablePath = findChromium();
  if (!executablePath) return missing("Chromium", "install Chromium or set PUPPETEER_EXECUTABLE_PATH");
  const swiftshader = options.swiftshader ?? !(await hasGpu());
  const args = ["--enable-unsafe-webgpu", ...quiet];
  if (swiftshader) args.push("--use-webgpu-adapter=swiftshader");
  else if (process.platform === "linux") args.push("--enable-features=Vulkan");
  return launch({ executablePath, headless: true, args: [...args, ...sandbox(), ...(options.args ?? [])] });
}

/**
 * A headless Firefox with WebGPU, or undefined where none is installed. Where the system has no Vulkan
 * driver, it runs on the SwiftShader of the Chromium found.
 *
 * @throws {Error} none is installed, and `REQUIRE_GPU=1` is set.
 */
export async function launchFirefox(): Promise<Browser | undefined> {
  const executablePath = findFirefox();
  if (!executablePath) return missing("Firefox", "install firefox-esr or set FIREFOX_PATH");
  const [swiftshader] = findSystemDrivers().length === 0 ? findSwiftShaders() : [];
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

/** Chromium's sandbox refuses to run as root. */
function sandbox(): string[] {
  return process.getuid?.() === 0 ? ["--no-sandbox"] : [];
}

function missing(browser: string, remedy: string): undefined {
  const message = `expected ${browser} for the browser tests, got none; ${remedy}`;
  if (requireGpu) throw new Error(message);
  console.warn(`skipped: ${message}`);
  return undefined;
}
